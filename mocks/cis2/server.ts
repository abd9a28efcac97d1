import type { Credential } from '../../certs/index.ts';
import { serve, type Served } from '../serve.ts';
import { startCanary, type Canary } from './canary.ts';
import { answersOf, type Answers } from './handlers.ts';
import { manage, type Management } from './management.ts';
import { endpointNames, Realm, REALM_PATH, type RealmOptions } from './realm.ts';

/** A CIS2 issuer on a TLS socket, with its management port. */
export interface ServedIssuer extends Served {
  readonly issuer: string;
  readonly realm: Realm;
  readonly management: Management;
  /** Whom a defective token may name, and nobody should call. */
  readonly canary: Canary;
}

export interface IssuerServerOptions extends RealmOptions {
  /** The server certificate; it has to carry the issuer's host. */
  readonly identity: Credential;
  /** TLS port; 0 or absent: any. With `issuer` absent the port is part of the issuer's name. */
  readonly port?: number;
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string;
  /** Where the management port listens: loopback and any port unless told otherwise. */
  readonly steering?: { readonly host?: string; readonly port?: number };
}

/**
 * Serves an issuer, on loopback unless told otherwise. Without `issuer` it is `https://localhost:PORT` with CIS2's path; an issuer of another
 * host or port is for those who reach this one through a name or a port map of their own.
 */
export async function startIssuer(options: IssuerServerOptions): Promise<ServedIssuer> {
  const front: { origin: string; answer: (request: Request) => Promise<Response | undefined> } = {
    origin: 'https://issuer.invalid',
    answer: async () => undefined, // until the port is known, and with it the issuer
  };
  const { identity, port = 0, host, steering } = options;
  const served = await serve({
    identity,
    port,
    ...(host !== undefined && { host }),
    origin: () => front.origin,
    answer: (request) => front.answer(request),
  });
  try {
    const realm = await Realm.create({ issuer: `https://localhost:${served.port}${REALM_PATH}`, ...options });
    front.origin = new URL(realm.issuer).origin;
    front.answer = router(realm);
    const canary = await startCanary(identity);
    realm.canary = canary.url;
    const management = await manage(realm, canary, steering);
    const close = async (): Promise<void> => {
      await Promise.all([served.close(), management.close(), canary.close()]);
    };
    return { ...served, close, issuer: realm.issuer, realm, management, canary };
  } catch (error) {
    await served.close();
    throw error;
  }
}

/**
 * Finds what answers a request. The functions are those behind the MSW handlers; MSW itself, which looks at every
 * handler and copies every request, would take a fifth of what a token costs.
 */
function router(realm: Realm): (request: Request) => Promise<Response | undefined> {
  const answers = answersOf(realm);
  const byPath = new Map<string, Answers>(
    endpointNames.map((name) => [new URL(realm.url(name)).pathname, answers[name]]),
  );
  return async (request) => {
    const found = byPath.get(new URL(request.url).pathname);
    if (!found) return undefined;
    const { GET, POST } = found;
    const answer = request.method === 'POST' ? POST : request.method === 'GET' ? GET : undefined;
    const allow = [...(GET ? ['GET'] : []), ...(POST ? ['POST'] : [])].join(', ');
    return answer?.(request) ?? new Response(null, { status: 405, headers: { Allow: allow } });
  };
}
