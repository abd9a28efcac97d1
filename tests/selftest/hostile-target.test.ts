import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTlsServer, type Server } from 'node:https';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Hierarchy } from '../../certs/index.ts';
import { readPack } from '../../certs/pack-read.ts';
import { ASID } from '../../mocks/provider/data.ts';
import { conformant } from '../../mocks/provider/policy.ts';
import { startProvider } from '../../mocks/provider/server.ts';
import { SERVICE_PATH } from '../../mocks/provider/data.ts';
import { start } from './program.ts';

/**
 * A subject that means harm. It serves the valid exchange, so that it is judged, and answers what is wrong with poison;
 * the run must end in its time and its memory, and nothing of the poison may act on a terminal, a page or a disk.
 */

/** Asked for less than its poison: one case that the reference refuses with 400. */
const CASE = 'ssp-header/trace-id-absent';

type Poison = (request: IncomingMessage, response: ServerResponse) => void;
const SPOOF = '\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}';
const MARKUP = '<img src=x onerror=alert(1)><script>alert(1)</script>"\'`${7*7}';
const poisons: Readonly<Record<string, Poison>> = {
  'a body without end': (_request, response) => {
    response.writeHead(400, { 'Content-Type': 'application/fhir+json' });
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20)));
    };
    response.on('drain', more).on('error', () => {});
    more();
  },
  'a head without end': ({ socket }) => {
    socket.write('HTTP/1.1 400 Bad Request\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write(`X-Bomb: ${'a'.repeat(8_000)}\r\n`));
    };
    socket.on('drain', more).on('error', () => {});
    more();
  },
  'a gigabyte in a megabyte of gzip': (_request, response) => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    response.writeHead(400, { 'Content-Type': 'application/fhir+json', 'Content-Encoding': 'gzip' });
    response.end(Buffer.concat([bomb, bomb, bomb, bomb, bomb]));
  },
  'a byte a second': (_request, response) => {
    response.writeHead(400, { 'Content-Type': 'application/fhir+json' });
    const drip = setInterval(() => response.write(' '), 1_000);
    response.on('close', () => clearInterval(drip)).on('error', () => {});
  },
  'garbage after the handshake': ({ socket }) => void socket.end(Buffer.alloc(100_000, 0xa5)),
  'nesting without end': (_request, response) => {
    response.writeHead(400, { 'Content-Type': 'application/fhir+json' });
    response.end('['.repeat(2_000_000));
  },
  'escape sequences and markup in every field': ({ socket }) => {
    const body = JSON.stringify({
      resourceType: 'OperationOutcome',
      meta: { profile: [MARKUP + SPOOF] },
      issue: [
        {
          severity: MARKUP,
          code: SPOOF,
          details: { coding: [{ system: MARKUP, code: SPOOF + MARKUP, display: MARKUP }], text: SPOOF },
          diagnostics: `${SPOOF}${MARKUP}`,
        },
      ],
    });
    socket.end(
      Buffer.concat([
        Buffer.from(
          `HTTP/1.1 400 ${MARKUP}\r\nServer: ${MARKUP}\u{9b}31m\r\nX-${'b'.repeat(200)}: ${MARKUP}\r\n`,
          'latin1',
        ),
        Buffer.from(
          `Content-Type: application/fhir+json; ${MARKUP}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        ),
      ]),
    );
  },
};

/** What is to be said of each: that it refused, where a status came; else that nothing was learnt. */
const EXPECTED: Readonly<Record<string, readonly [outcome: string, because: RegExp]>> = {
  'a body without end': ['pass', /HTTP 400/],
  'a head without end': ['inconclusive', /no HTTP answer: HPE_HEADER_OVERFLOW/],
  'a gigabyte in a megabyte of gzip': ['pass', /HTTP 400/],
  'a byte a second': ['inconclusive', /nothing of the peer: no answer within/],
  'garbage after the handshake': ['inconclusive', /no HTTP answer/],
  'nesting without end': ['pass', /HTTP 400/],
  'escape sequences and markup in every field': ['pass', /HTTP 400 with OperationOutcome/],
};

let folder: string;
let pki: Hierarchy;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-hostile-'));
  const made = await assay('pki', '--out', 'pki', '--host', 'localhost');
  assert.equal(made.code, 0, made.text);
  pki = await readPack(join(folder, 'pki'));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly text: string;
  /** Highest resident set, in MB; 0 where the system does not tell. */
  readonly peak: number;
}
async function assay(...args: readonly string[]): Promise<Ended> {
  const child = start(folder, args);
  let peak = 0;
  const look = setInterval(() => {
    try {
      const told = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peak = Math.max(peak, Number(told ?? 0) / 1024);
    } catch {
      // gone, or a system without /proc
    }
  }, 50);
  const { code, out, err } = await child.done;
  clearInterval(look);
  return { code, text: out + err, peak };
}

/** The reference for what it serves; poison for everything else. */
async function startHostile(
  poison: Poison,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const { provider, root, sub } = pki;
  const server: Server = createTlsServer(
    {
      cert: [provider.certificate, ...provider.chain].join('\n'),
      key: provider.key,
      ca: [root, sub],
      requestCert: true,
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.2',
    },
    (asked, answer) => {
      const relayed = request(
        { port: inner.port, path: asked.url, method: asked.method, headers: asked.headers },
        (heard) => {
          if (heard.statusCode !== 200) {
            heard.resume();
            poison(asked, answer);
            return;
          }
          answer.writeHead(200, heard.headers);
          heard.pipe(answer);
        },
      );
      asked.pipe(relayed);
    },
  );
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `https://localhost:${port}${SERVICE_PATH}`;
  const inner = await startProvider({ policy: conformant, hierarchy: pki, behind: url });
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await inner.close();
    },
  };
}

const sizeOf = (at: string): number =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .reduce((sum, each) => sum + statSync(join(each.parentPath, each.name)).size, 0);

describe('a hostile target', () => {
  for (const [title, poison] of Object.entries(poisons)) {
    test(title, async () => {
      const target = await startHostile(poison);
      try {
        const subject = { profile: 'gpconnect', url: target.url, pki: 'pki', asid: ASID };
        await writeFile(join(folder, 'subject.json'), JSON.stringify(subject));
        const { code, text, peak } = await assay('run', 'subject.json', '--case', CASE, '--out', 'out');
        assert.ok(code === 0 || code === 1 || code === 2, `${code}: ${text}`);
        assert.doesNotMatch(
          text,
          /[\u{0}-\u{8}\u{b}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/u,
          JSON.stringify(text),
        );
        assert.ok(peak < 500, `${peak} MB`);
        assert.ok(sizeOf(join(folder, 'out')) < 3_000_000);
        const page = readFileSync(join(folder, 'out/report.html'), 'utf8');
        assert.doesNotMatch(page, /<img src=x|<script>alert/);
        const shown = await assay('report', 'out/record.json');
        assert.doesNotMatch(shown.text, /[\u{1b}\u{9b}\u{202e}]/u);
        const { findings } = JSON.parse(readFileSync(join(folder, 'out/record.json'), 'utf8')) as {
          readonly findings: readonly { readonly outcome: string; readonly because: string }[];
        };
        const [outcome, because] = EXPECTED[title] ?? [];
        assert.deepEqual(
          findings.map((each) => each.outcome),
          [outcome],
          JSON.stringify(findings),
        );
        assert.match(findings[0]?.because ?? '', because ?? /^$/);
      } finally {
        await target.close();
        await rm(join(folder, 'out'), { recursive: true, force: true });
      }
    });
  }
});
