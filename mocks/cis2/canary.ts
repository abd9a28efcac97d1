import { exportJWK } from 'jose';
import type { Credential } from '../../certs/index.ts';
import { serve, type Served } from '../serve.ts';
import { stranger } from './forge.ts';

/** A server that nobody should call: a fetch from it proves that a token made its reader fetch. */
export interface Canary extends Served {
  /** `https://localhost:PORT`. */
  readonly url: string;
  /** The path of every request, oldest first. */
  readonly fetched: readonly string[];
}

/** Serves the stranger's key, as a key set and as a certificate, on loopback. */
export async function startCanary(identity: Credential): Promise<Canary> {
  const fetched: string[] = [];
  const served = await serve({
    identity,
    origin: () => 'https://canary.invalid',
    answer: async (request) => {
      const { pathname } = new URL(request.url);
      fetched.push(pathname);
      if (fetched.length > 10_000) fetched.shift();
      const { key, certificate } = await stranger();
      return pathname.endsWith('.pem')
        ? new Response(certificate, { headers: { 'Content-Type': 'application/x-pem-file' } })
        : Response.json({
            keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, use: 'sig', alg: 'RS256' }],
          });
    },
  });
  return { ...served, url: `https://localhost:${served.port}`, fetched };
}
