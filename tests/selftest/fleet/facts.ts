import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keptNames, type Hierarchy } from '../../../certs/index.ts';
import type { RoundName } from '../../../mocks/ssp/rounds.ts';
import type { OfferedVersion } from '../../model.ts';
import { createFolder, removeFolder, writeFiles } from './site.ts';

/** What a server can overlook in what a client presents: that there is nothing, its name, or an error of verification. */
export type Flaw =
  | { readonly kind: 'absent' }
  /** Another name; `nul`: the SSP's up to a NUL; `wildcard`: a pattern that the SSP's matches. */
  | { readonly kind: 'name'; readonly as?: 'nul' | 'wildcard' }
  | {
      readonly kind: 'error';
      /** Number of OpenSSL's verification error (`X509_V_ERR_…`, openssl-verification-options(1)). */
      readonly error: number;
      /** Of the certificate that it concerns: 0 is the leaf. */
      readonly depth: number;
      /** Milliseconds until the leaf becomes valid; negative: it did. */
      readonly due: number;
      /** The leaf names two signature algorithms: the signature is not looked at before it is refused. */
      readonly mismatched: boolean;
    };

/**
 * What a configuration makes a server do, in terms that cases can be asked about. A configuration that keeps every rule
 * is `keeping`; a defect replaces a member. `predict` derives from this what each case has to find.
 */
export interface Facts {
  /** Whether a client is let in in spite of this flaw. With several flaws each must be overlooked. */
  readonly overlooks: (flaw: Flaw) => boolean;
  /** The protocol versions answered by a ServerHello. */
  readonly versions: readonly OfferedVersion[];
  /** IANA names of the TLS 1.2 suites accepted, in the server's own order. */
  readonly suites: readonly string[];
  /** Names under which it can be asked without a certificate. */
  readonly opens?: readonly RoundName[];
  /** A fallback marked as one is taken (RFC 7507 is not implemented). */
  readonly ignoresFallback?: true;
  /** Whose order of suites rules. */
  readonly order: 'server' | 'client';
  /** How a refused certificate is told: in TLS, or by a page with an error status or 200, cacheable or not. */
  readonly refusal: 'tls' | 'page' | 'cacheable-page' | 'welcome-page';
  /** Who gets in: the valid client, or (a fault of the configuration) nobody. */
  readonly admits: 'valid' | 'nobody';
  /** What stands behind the TLS: the reference provider, or one file that answers whatever is asked. */
  readonly application: 'reference' | 'one-file';
}

/** OpenSSL's errors about revocation: of a CRL that is missing, stale or unusable, and of a certificate on one. */
const REVOCATION = new Set([3, 5, 8, 11, 12, 15, 16, 23, 33, 35, 36, 44, 54]);
/** What nginx and Apache call optional under `optional_no_ca` (`ngx_ssl_verify_error_optional`, mod_ssl's like-named). */
const NO_CA = new Set([18, 19, 20, 21, 27]);

export const absent = (flaw: Flaw): boolean => flaw.kind === 'absent';
export const name = (flaw: Flaw): boolean => flaw.kind === 'name';
export const nulInName = (flaw: Flaw): boolean => flaw.kind === 'name' && flaw.as === 'nul';
/** As clients match a server's name (RFC 6125 §6.4.3). */
export const wildcardName = (flaw: Flaw): boolean => flaw.kind === 'name' && flaw.as === 'wildcard';
export const revocation = (flaw: Flaw): boolean => flaw.kind === 'error' && REVOCATION.has(flaw.error);
/** Revocation checked for the leaf alone. */
export const revocationAbove = (flaw: Flaw): boolean =>
  revocation(flaw) && flaw.kind === 'error' && flaw.depth > 0;
/** Revocation checked for the CAs alone. */
export const revocationOfLeaf = (flaw: Flaw): boolean =>
  revocation(flaw) && flaw.kind === 'error' && flaw.depth === 0;
export const noCa = (flaw: Flaw): boolean => flaw.kind === 'error' && NO_CA.has(flaw.error);
export const anyError = (flaw: Flaw): boolean => flaw.kind === 'error';
/** X509_V_ERR_CERT_SIGNATURE_FAILURE, of a signature that was computed. */
export const signature = (flaw: Flaw): boolean =>
  flaw.kind === 'error' && flaw.error === 7 && !flaw.mismatched;
/** X509_V_ERR_CERT_NOT_YET_VALID of a leaf that is valid within a day. */
export const validTomorrow = (flaw: Flaw): boolean =>
  flaw.kind === 'error' && flaw.error === 9 && flaw.depth === 0 && flaw.due < 86_400_000;
export const anything = (): boolean => true;

/** Every one of these is overlooked. */
export const overlooking =
  (...kinds: readonly ((flaw: Flaw) => boolean)[]) =>
  (flaw: Flaw): boolean =>
    kinds.some((kind) => kind(flaw));

const run = promisify(execFile);

/**
 * The TLS 1.2 suites that an OpenSSL string means, in its order, for a server with an RSA key: asked of `openssl ciphers`.
 */
export async function expand(string: string): Promise<readonly string[]> {
  const { stdout } = await run('openssl', ['ciphers', '-s', '-tls1_2', '-stdname', string]);
  return stdout
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((suite) => /_(?:RSA|anon)_/.test(suite) && !/_ECDSA_|_PSK_/.test(suite));
}

/** What is wrong with each credential, flaw by flaw. */
export type Flaws = ReadonlyMap<string, readonly Flaw[]>;

/**
 * What `openssl verify` reports of each credential with the servers' own anchors and CRLs. It sees no names: a credential
 * in which it finds nothing has none, or its name is the flaw; the case that presents it knows which.
 */
export async function flawsOf(pki: Hierarchy): Promise<Flaws> {
  const folder = createFolder();
  writeFiles(folder, { 'trust.pem': [pki.root, pki.sub, ...pki.crls].join('\n') });
  const found = await Promise.all(
    keptNames.map(async (credential) => {
      const { certificate, chain } = pki.clients[credential];
      const [leaf, issuers] = [`${credential}.pem`, `${credential}.chain.pem`];
      writeFiles(folder, { [leaf]: certificate, [issuers]: chain.join('\n') });
      const told = await run('openssl', [
        ...['verify', '-purpose', 'sslclient', '-crl_check_all', '-CAfile', join(folder, 'trust.pem')],
        ...(chain.length > 0 ? ['-untrusted', join(folder, issuers)] : []),
        join(folder, leaf),
      ]).catch((error: { stdout?: string; stderr?: string }) => error);
      const mismatched = credential === 'mismatched-algorithm';
      const due = Date.parse(new X509Certificate(certificate).validFrom) - Date.now();
      const flaws = [...`${told.stdout}${told.stderr}`.matchAll(/error (\d+) at (\d+) depth/g)].map(
        ([, error, depth]): Flaw => ({
          kind: 'error',
          error: Number(error),
          depth: Number(depth),
          due,
          mismatched,
        }),
      );
      return [credential, flaws] as const;
    }),
  );
  removeFolder(folder);
  return new Map(found);
}
