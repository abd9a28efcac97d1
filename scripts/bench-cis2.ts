import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createHierarchy } from '../certs/index.ts';
import { writePack } from '../certs/pack.ts';
import { DEFAULT_CLIENT } from '../mocks/cis2/users.ts';
import { median } from './bench-floor.ts';

/** What tokens cost at the issuer, against the mock server that teams use today; both in processes of their own. */

const CONCURRENT = 8;
const TOKENS = 400;
const ROUNDS = 7;
const CALLBACK = 'http://127.0.0.1:9/callback';
const ROOT = resolve(import.meta.dirname, '..');

interface Place {
  readonly authorize: string;
  readonly token: string;
  readonly secret: string;
}

/** One call of a keep-alive client; the same for both. */
async function call(
  agent: Agent,
  url: string,
  form?: Readonly<Record<string, string>>,
): Promise<{ readonly location: string; readonly body: string }> {
  const body = form && new URLSearchParams(form).toString();
  return new Promise((done, failed) => {
    const sent = request(
      url,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        ...(body !== undefined && {
          headers: {
            'Content-Type': 'application/x-www-form-urlencoded',
            'Content-Length': Buffer.byteLength(body),
          },
        }),
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer
          .on('end', () => done({ location: answer.headers.location ?? '', body: text }))
          .on('error', failed);
      },
    );
    sent.on('error', failed).end(body);
  });
}

const codeOf = async (agent: Agent, { authorize }: Place): Promise<string> => {
  const asked = new URLSearchParams({
    client_id: DEFAULT_CLIENT,
    response_type: 'code',
    scope: 'openid',
    state: 'bench',
    redirect_uri: CALLBACK,
  });
  const { location, body } = await call(agent, `${authorize}?${asked}`);
  if (location === '') throw new Error(`no code: ${body.slice(0, 80)}`);
  return new URL(location).searchParams.get('code') ?? '';
};

/** Milliseconds a token: as many codes as it takes are there before the clock starts. */
async function time(agent: Agent, place: Place): Promise<number> {
  const codes: string[] = [];
  for (let issued = 0; issued < TOKENS; issued += 1) codes.push(await codeOf(agent, place));
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENT }, async () => {
      for (let code = codes.pop(); code !== undefined; code = codes.pop()) {
        const { body } = await call(agent, place.token, {
          grant_type: 'authorization_code',
          code,
          redirect_uri: CALLBACK,
          client_id: DEFAULT_CLIENT,
          client_secret: place.secret,
        });
        if (!body.includes('"id_token"')) throw new Error(`no token: ${body.slice(0, 80)}`);
      }
    }),
  );
  return (performance.now() - started) / TOKENS;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function lineOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output to read');
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString();
}

/** Tokens by the code flow over TLS, from `assay serve --cis2` and from oauth2-mock-server. */
export async function tokenRow() {
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-'));
  const children: ChildProcess[] = [];
  const start = (...args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };
  const pki = await createHierarchy();
  await writePack(join(folder, 'pki'), { authorities: pki.authorities });
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT, ca: pki.root });
  try {
    const served = start(
      join(ROOT, 'scripts/assay.ts'),
      ...['serve', '--cis2', '--login', 'aal3-clinician', '--pki', 'pki', '--issuer', 'issuer'],
    );
    const { cis2 } = JSON.parse(await lineOf(served)) as {
      readonly cis2: { readonly issuer: string; readonly management: string; readonly token: string };
    };
    const state = await fetch(cis2.management, { headers: { Authorization: `Bearer ${cis2.token}` } });
    const { clients } = (await state.json()) as {
      readonly clients: readonly { readonly client_secret: string }[];
    };
    const own: Place = {
      authorize: `${cis2.issuer}/authorize`,
      token: `${cis2.issuer}/access_token`,
      secret: clients[0]?.client_secret ?? '',
    };
    const port = await freePort();
    const other = start(
      join(ROOT, 'node_modules/oauth2-mock-server/dist/oauth2-mock-server.mjs'),
      ...['-a', 'localhost', '-p', String(port)],
      ...['-c', 'pki/provider/provider.pem', '-k', 'pki/provider/provider.key'],
    );
    await lineOf(other);
    const theirs: Place = {
      authorize: `https://localhost:${port}/authorize`,
      token: `https://localhost:${port}/token`,
      secret: 'any',
    };
    await time(agent, own);
    await time(agent, theirs);
    const rounds: { readonly ours: number; readonly floor: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      rounds.push({ floor: await time(agent, theirs), ours: await time(agent, own) });
    return {
      what: `an ID token by the code flow, TLS, ${CONCURRENT} at a time`,
      against: 'oauth2-mock-server, the same client',
      ours: median(rounds.map(({ ours }) => ours)),
      floor: median(rounds.map(({ floor }) => floor)),
      ratio: median(rounds.map(({ ours, floor }) => ours / floor)),
      bound: 0.5,
    };
  } finally {
    agent.destroy();
    for (const child of children) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await tokenRow(), null, 2)}\n`);
