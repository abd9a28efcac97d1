import { isIP } from 'node:net';
import { Command } from 'commander';
import { suiteName } from '../tests/oracle/suites.ts';
import { describe } from '../tests/oracle/response.ts';
import { scan, type Scan, type ScannedProtocol } from '../tests/drive/scan.ts';
import { readConsent } from '../tests/run/consent.ts';
import { guard, parseHostPort, resolveDestination } from '../tests/run/guard.ts';
import { EXIT } from './exit.ts';

interface ScanOptions {
  readonly json?: boolean;
  readonly consent?: string;
}

/** `assay scan`: protocols and cipher suites of a server, in its order. */
export function scanCommand(): Command {
  return new Command('scan')
    .argument('<host:port>', 'where to dial; an IPv6 address in brackets')
    .option('--json', 'one JSON object on stdout')
    .option('--consent <file>', 'JSON file with the consent that a host of the health service needs')
    .addHelpText(
      'after',
      [
        '',
        'Bare hellos alone: nothing is finished, so a server that asks for client certificates is shown as well.',
        'Exit codes: 0 shown, 2 the target does not speak TLS, 4 usage or configuration.',
        '',
        'Example:',
        '  assay scan provider.test:443 --json',
      ].join('\n'),
    )
    .action(scanTarget);
}

async function scanTarget(text: string, { json, consent: file }: ScanOptions): Promise<void> {
  const { host, port } = parseHostPort(text, 'HOST:PORT');
  const consent = file === undefined ? undefined : await readConsent(file);
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const judged = (addresses: readonly string[]): void =>
    guard({ host, port, addresses }, ['wire'], consent, {
      place: file ?? '--consent',
      spot: file === undefined ? '--consent' : `${file}#`,
      today: new Date(),
    });
  judged([]); // by its name first: what may not be dialled is not even looked up
  const { addresses } = await resolveDestination(`https://${target}`);
  judged(addresses);
  const [address] = addresses;
  if (address === undefined) {
    process.stderr.write(`assay: ${host} has no address\n`);
    process.exitCode = EXIT.inconclusive;
    return;
  }
  const found = await scan({ address, port, servername: host });
  process.stdout.write(json ? `${JSON.stringify(asJson(target, found), null, 2)}\n` : asTable(target, found));
  process.exitCode = found.protocols.some(speaks) ? EXIT.conformant : EXIT.inconclusive;
}

/** A TLS answer to any hello: a ServerHello, or an alert, which is a refusal in TLS. */
const speaks = ({ accepted, seen }: ScannedProtocol): boolean =>
  accepted ||
  seen.kind === 'alert' ||
  seen.kind === 'downgrade' ||
  (seen.kind === 'suites' && (seen.refusal ?? '').startsWith('fatal alert'));

const asJson = (target: string, { protocols, connections, ms }: Scan) => ({
  target,
  protocols: protocols.map(({ name, accepted, order, suites }) => ({
    name,
    accepted,
    order,
    suites: suites.map(({ code, openssl, iana }) => ({ id: idOf(code), openssl, iana })),
  })),
  connections,
  ms,
});

const idOf = (code: number): string => `0x${code.toString(16).padStart(4, '0')}`;

const ORDER = {
  server: "in the server's order",
  client: "in the client's order: the server has none of its own",
  single: 'one suite',
} as const;

function asTable(target: string, { protocols, connections, ms }: Scan): string {
  const lines = [target];
  for (const { name, accepted, order, suites, seen } of protocols) {
    const told = accepted
      ? `accepted${suites.length > 0 ? `, ${ORDER[order]}` : ''}`
      : seen.kind === 'nothing'
        ? `no answer (${seen.reason})`
        : `refused (${(seen.kind === 'suites' && seen.refusal) || describe(seen)})`;
    lines.push(`  ${name.padEnd(7)}  ${told}`);
    const widest = Math.max(0, ...suites.map(({ openssl }) => openssl.length));
    for (const { code, openssl, iana } of suites)
      lines.push(
        `    ${idOf(code)}  ${openssl.padEnd(widest)}  ${iana === openssl ? '' : suiteName(code)}`.trimEnd(),
      );
  }
  lines.push(`${connections} connections, ${ms} ms`);
  return `${lines.join('\n')}\n`;
}
