import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Ajv } from 'ajv';
import { listen } from '../listen.ts';
import { faultsSchema, type Fault, type Faults } from './faults.ts';

/** The management port: apart from the protocol, on loopback unless told, and closed to whoever does not hold the token. */
export interface Management {
  readonly url: string;
  /** For `Authorization: Bearer`. */
  readonly token: string;
  readonly close: () => Promise<void>;
}

export interface ManagementOptions {
  readonly faults: Faults;
  readonly port?: number;
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string;
  /** `GET /NAME` answers with what the function gives, as JSON. */
  readonly views?: Readonly<Record<string, () => unknown>>;
}

const LARGEST = 65_536;
const validate = new Ajv({ useDefaults: true, allErrors: false, strictRequired: false }).compile<
  readonly Fault[]
>(faultsSchema);

/** Starts the management port: `GET`, `PUT` and `DELETE /faults`, and the views. */
export async function startManagement({
  faults,
  port = 0,
  host = '127.0.0.1',
  views = {},
}: ManagementOptions): Promise<Management> {
  const token = randomBytes(24).toString('base64url');
  const expected = Buffer.from(`Bearer ${token}`);
  const allowed = ({ headers }: IncomingMessage): boolean => {
    const given = Buffer.from(headers.authorization ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  server.maxConnections = 16;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const tell = (status: number, body: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(body === undefined ? '' : `${JSON.stringify(body)}\n`);
    };
    if (!allowed(request)) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      return tell(401, { error: 'the token that was printed at start goes in Authorization: Bearer' });
    }
    const { method = '', url = '' } = request;
    const view = Object.hasOwn(views, url.slice(1)) ? views[url.slice(1)] : undefined;
    if (method === 'GET' && view) return tell(200, view());
    if (url !== '/faults') return tell(404, { error: `GET /${Object.keys(views).join(', /')} or /faults` });
    if (method === 'GET') return tell(200, faults.list());
    if (method === 'DELETE') {
      faults.set([]);
      return tell(200, []);
    }
    if (method !== 'PUT') return tell(405, { error: 'GET, PUT or DELETE' });
    const text = await bodyOf(request);
    if (text === undefined) return tell(413, { error: `at most ${LARGEST} bytes` });
    let wanted: unknown;
    try {
      wanted = JSON.parse(text);
    } catch {
      return tell(400, { error: 'the body is no JSON' });
    }
    if (!validate(wanted)) {
      const [first] = validate.errors ?? [];
      return tell(400, { error: `${first?.instancePath || '/'}: ${first?.message ?? 'is wrong'}` });
    }
    faults.set(wanted);
    return tell(200, faults.list());
  };
  return {
    url: `http://127.0.0.1:${await listen(server, port, host)}`,
    token,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LARGEST) return undefined;
  }
  return text;
}
