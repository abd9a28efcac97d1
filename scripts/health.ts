import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { hello } from '../tests/drive/hello.ts';
import { parseHostPort } from '../tests/run/guard.ts';
import { EXIT } from './exit.ts';
import type { Ready } from './ready.ts';

/** Where it looks if nothing else is said; a container's health check needs no argument then. */
const DEFAULT_READY = 'assay-ready.json';
const PATIENCE_MS = 3_000;

/** `assay health`: for the health check of a container, and for a script that waits until a service is up. */
export function healthCommand(): Command {
  return new Command('health')
    .argument('[file]', `what --ready wrote (default: $ASSAY_READY, else ${DEFAULT_READY})`)
    .addHelpText(
      'after',
      [
        '',
        'Each listener that the file names is spoken to, TLS with a ClientHello and plain HTTP with a GET: 0 where all',
        'of them answer, 2 where one does not, and 2 while there is no such file.',
        '',
        'Example:',
        '  assay serve --ready ready.json &',
        '  until assay health ready.json; do sleep 1; done',
      ].join('\n'),
    )
    .action(async (file: string | undefined) => {
      const mute = await silent(file ?? (process.env['ASSAY_READY'] || DEFAULT_READY));
      process.stdout.write(mute.length === 0 ? 'healthy\n' : `${mute.join('\n')}\n`);
      process.exitCode = mute.length === 0 ? EXIT.conformant : EXIT.inconclusive;
    });
}

/** What does not answer, a line each. */
async function silent(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return [`not ready: there is no ${file}`];
  let ready: Ready;
  try {
    ready = JSON.parse(text) as Ready;
  } catch {
    throw new ConfigurationError(file, 'is no JSON; name the file that --ready wrote');
  }
  const tls = [ready.connect, ready.ssp?.connect, ready.cis2?.connect].filter((each) => each !== undefined);
  const plain = ready.connect === undefined && ready.url !== undefined ? [new URL(ready.url).host] : [];
  const asked = [
    ...tls.map(async (place) => ({ place, answers: (await greets(place)) || (await replies(place)) })),
    ...plain.map(async (place) => ({ place, answers: await replies(place) })),
  ];
  if (asked.length === 0)
    throw new ConfigurationError(file, 'names no listener; it is not what --ready wrote');
  return (await Promise.all(asked))
    .filter(({ answers }) => !answers)
    .map(({ place }) => `no answer at ${place}`);
}

/** Whether a ClientHello is answered in TLS, by a ServerHello or by a refusal. */
async function greets(place: string): Promise<boolean> {
  const { host: address, port } = parseHostPort(place, 'health');
  const { answer } = await hello(
    { address, port, servername: 'localhost' },
    { version: 'TLSv1.2' },
    PATIENCE_MS,
  );
  return answer.kind === 'server-hello' || answer.kind === 'alert';
}

/** Whether a request in clear gets an answer below 500: a 404 is one. `0.0.0.0` is dialled as loopback. */
const replies = (place: string): Promise<boolean> =>
  new Promise((done) => {
    const sent = get(
      `http://${place.replace(/^0\.0\.0\.0:/, '127.0.0.1:')}/`,
      { timeout: PATIENCE_MS },
      (response) => {
        response.resume();
        done((response.statusCode ?? 500) < 500);
      },
    );
    sent.on('error', () => done(false)).on('timeout', () => sent.destroy());
  });
