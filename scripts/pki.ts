import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { Command, InvalidArgumentError } from 'commander';
import { called } from './exit.ts';
import { readable, wholeNumber } from './values.ts';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { readPack } from '../certs/pack-read.ts';
import { renewPack, writePack } from '../certs/pack.ts';

interface PkiOptions {
  readonly out: string;
  readonly host: readonly string[];
  readonly ssp?: string;
  readonly days?: number;
  readonly revocation?: URL;
  readonly csr?: string;
  readonly renew?: boolean;
  readonly keep?: boolean;
}

/** RFC 1123 host names: labels of letters, digits and inner hyphens. */
const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

function hostName(value: string): string {
  if (!NAME.test(value) && !isIP(value))
    throw new InvalidArgumentError('a host name or an IP address, without scheme or port');
  return value;
}
const hosts = (value: string, before: readonly string[]): readonly string[] => [...before, hostName(value)];

function serverName(value: string): string {
  if (!NAME.test(value)) throw new InvalidArgumentError('a host name');
  if (/(^|\.)(nhs\.uk|nhs\.net)$/i.test(value)) {
    throw new InvalidArgumentError('a name of your own: a test certificate never carries a name of the NHS');
  }
  return value;
}

function webAddress(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new InvalidArgumentError('an http or https URL');
  return url;
}

/** `assay pki`: makes or renews a trust pack. */
export function pkiCommand(): Command {
  return new Command('pki')
    .requiredOption('--out <dir>', 'directory of the trust pack; it may not exist yet, unless with --renew')
    .option(
      '--host <name>',
      "name or address in the provider's certificate; may be repeated (default: localhost, 127.0.0.1)",
      hosts,
      [],
    )
    .option('--ssp <name>', "FQDN in the SSP's client certificate (default: ssp.assay.test)", serverName)
    .option(
      '--days <n>',
      'life of certificates and CRLs in days, 1 to 365 (default: 90)',
      wholeNumber(1, 365, 'a whole number of days'),
    )
    .option('--revocation <url>', 'base URL of CRLs and OCSP, to be named in the certificates', webAddress)
    .option('--csr <file>', "sign this request instead of making the provider's key", String)
    .option('--renew', 'make the certificates of an existing pack anew; its CAs stay while they last')
    .option('--keep', 'leave a pack that is there and still good as it is, and make one where there is none')
    .addHelpText('after', '\nExample:\n  assay pki --out pki --host provider.local --host 10.0.0.7')
    .action(makePack);
}

async function makePack({ out, csr, renew, keep, host, ...options }: PkiOptions): Promise<void> {
  if (keep && renew) throw new ConfigurationError('--keep', 'leaves a pack as it is, and --renew does not');
  if (keep && existsSync(out)) {
    await readPack(out); // what is damaged or out of date is told
    process.stdout.write(`The trust pack in ${out} is kept.\n`);
    return;
  }
  const wanted = { ...options, ...(host.length > 0 && { hosts: host }) };
  if (renew) {
    if (csr !== undefined)
      throw new ConfigurationError(
        '--csr',
        'a renewed pack keeps the key it has; leave --csr or --renew out',
      );
    const { sameAuthorities, notAfter, ownKey } = await renewPack(out, wanted);
    const authorities = sameAuthorities
      ? 'The CAs are the same: what the provider trusts stays right. Install the new crl.pem and provider.pem.'
      : 'The old CAs would not have lasted: new ones are made. Install the pack again, ca.pem first.';
    report(out, notAfter, ownKey, authorities);
    return;
  }
  const manifest = await writePack(out, {
    ...wanted,
    ...(csr !== undefined && { csr: (await readable(csr, '--csr')).toString('utf8') }),
  });
  report(
    out,
    manifest.notAfter,
    manifest.ownKey,
    `Install what is in ${out}/provider as ${out}/provider/INSTALL.md says.`,
    manifest.host[0] ?? 'HOST',
  );
}

/** @param host the name in the URL of the provider; absent: it was told before */
function report(out: string, notAfter: string, ownKey: boolean, next: string, host?: string): void {
  process.stdout.write(
    [
      `Trust pack in ${out}, good until ${notAfter.slice(0, 10)}.`,
      `  ${out}/provider    for the provider${ownKey ? '; its key stayed where it was made' : ''}`,
      `  ${out}/clients     what Assay presents; stays with you`,
      `  ${out}/authority   the keys of the CAs; stay with you`,
      next,
      ...(host === undefined ? [] : describing(out, host)),
      '',
    ].join('\n'),
  );
}

/** How to go on: a subject file to copy, and what asks whether it can be judged. */
const describing = (out: string, host: string): readonly string[] => [
  '',
  'Then describe the provider in subject.json. PATH is its service root as registered; the ASIDs are its own, and',
  'that of whoever is to call it:',
  '',
  `  {"profile":"gpconnect","url":"https://${host}/PATH","pki":${JSON.stringify(out)},`,
  '   "asid":{"provider":"999999990001","consumer":"999999990002"}}',
  '',
  `and type: ${called} doctor subject.json`,
];
