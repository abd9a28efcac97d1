import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { readAuthorities, readPack } from '../certs/pack-read.ts';
import { bookOf, startRevocation } from '../mocks/revocation/index.ts';
import { parseHostPort } from '../tests/run/guard.ts';
import { untilSignalled } from './interruption.ts';
import { announce, readyOption } from './ready.ts';

interface RevocationOptions {
  readonly pki: string;
  readonly listen?: string;
  readonly managementListen?: string;
  readonly ready?: string;
}

/** `assay revocation`: OCSP and CRLs of a trust pack, until it is told to stop. */
export function revocationCommand(): Command {
  return new Command('revocation')
    .requiredOption('--pki <dir>', 'the trust pack; its authority folder signs')
    .option('--listen <host:port>', 'where to listen (default: any port of 127.0.0.1)')
    .option('--management-listen <host:port>', 'where management listens (default: any port of 127.0.0.1)')
    .addOption(readyOption())
    .addHelpText(
      'after',
      [
        '',
        'Prints one line of JSON when ready: {"ready":true,"url":…,"management":…,"token":…}; SIGTERM ends it.',
        'Below `url` stand `ocsp`, `root.crl` and `sub.crl`: it is what `assay pki --revocation URL` names.',
        'Management is on loopback unless told, and wants the token as a bearer token. GET / says what was asked and revoked;',
        'POST /revoke {"serial":…}, /publish {}, /ocsp {"serial":…,"behaviour":…}, /crl {"path":"sub.crl","behaviour":…}.',
        '',
        'Example:',
        '  assay pki --out pki --revocation http://127.0.0.1:18080/',
        '  assay revocation --pki pki --listen 127.0.0.1:18080',
      ].join('\n'),
    )
    .action(serve);
}

async function serve({ pki, listen, managementListen, ready: file }: RevocationOptions): Promise<void> {
  const place = listen === undefined ? {} : parseHostPort(listen, '--listen');
  const steering =
    managementListen === undefined ? {} : parseHostPort(managementListen, '--management-listen');
  const book = bookOf(await readAuthorities(pki), await readPack(pki));
  const revocation = await startRevocation({ book, ...place, steering }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL' && code !== 'EACCES') throw error;
    throw new ConfigurationError(
      managementListen === undefined ? '--listen' : '--listen, --management-listen',
      `cannot listen on ${[listen, managementListen].filter((each) => each !== undefined).join(' or ')} (${code}); choose another address`,
    );
  });
  const { url, management } = revocation;
  const ready = { ready: true, url: url.href, management: management.url.href, token: management.token };
  const withdraw = await announce(ready, file);
  await untilSignalled();
  await withdraw();
  await revocation.close();
}
