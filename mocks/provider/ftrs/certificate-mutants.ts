import { certificateMutants, certificateVariants } from '../certificate-mutants.ts';
import type { Mutant, Variant } from '../mutants.ts';
import { conformant, wrong } from '../policy.ts';
import { revocationMutants, revocationVariants } from '../revocation-mutants.ts';
import { everyRound, roundMutants } from '../rounds.ts';
import { transportMutants, transportVariants } from '../transport-mutants.ts';
import type { FtrsMutant } from './mutants.ts';
import { certificatesIn, ftrsConformant, type FtrsPolicy } from './policy.ts';

/**
 * FtRS providers that are wrong about certificates, or about what is in clear, as a GP Connect provider is under the
 * same name: the same decision, in the policy of the other, caught by the FtRS case of the same credential.
 */

const deciding = (policy: Mutant['policy']): FtrsPolicy => ({ ...ftrsConformant, ...certificatesIn(policy) });

/** What an FtRS case is called that asks what a GP Connect case asks. */
const caseOfFtrs = (id: string): string =>
  id
    .replace(/^client-certificate\//, 'mutual-tls/')
    .replace(/^way-round\//, 'mutual-tls/way-round-')
    .replace(/^(ocsp|crldp)\//, 'mutual-tls/$1-')
    .replace(/^plain-port\/request$/, 'transport/plain-port');

const ofFtrs = ({ title, policy, caughtBy: [own, ...others], because }: Mutant): FtrsMutant => ({
  title,
  policy: deciding(policy),
  caughtBy: [caseOfFtrs(own), ...others.map(caseOfFtrs)],
  ...(because !== undefined && { because }),
});
const all = (mutants: Readonly<Record<string, Mutant>>): Readonly<Record<string, FtrsMutant>> =>
  Object.fromEntries(Object.entries(mutants).map(([name, mutant]) => [name, ofFtrs(mutant)]));

/** What binds in FtRS alone: no edition of the guidance lets pass such keys and digests (SEC-001, SEC-014). */
const WEAK = [
  ['accepts-short-key', 'takes a certificate for an RSA key of 1024 bits', 'weak/key', 'rsa-1024'],
  ['accepts-sha-1-certificate', 'takes a certificate signed with SHA-1', 'weak/sha-1', 'sha-1'],
  ['accepts-md5-certificate', 'takes a certificate signed with MD5', 'weak/md5', 'md5'],
] as const;

export const ftrsCertificateMutants: Readonly<Record<string, FtrsMutant>> = {
  'accepts-no-certificate': {
    title: 'serves clients that present no certificate',
    policy: deciding(wrong('requiresCertificate', false)),
    // Whoever is asked for none is let in by every way round as well, but for fields that FtRS turns away.
    caughtBy: [
      'mutual-tls/absent',
      ...everyRound.filter((id) => !/header-(?!envoy)/.test(id)).map(caseOfFtrs),
    ],
    because: 'without a certificate every way round it is open',
  },
  ...all(certificateMutants),
  ...Object.fromEntries(
    WEAK.map(([name, title, flaw, own]): readonly [string, FtrsMutant] => [
      name,
      { title, policy: deciding(wrong('overlooks', new Set([flaw]))), caughtBy: [`mutual-tls/${own}`] },
    ]),
  ),
  ...all(roundMutants),
  ...all(transportMutants),
};

const asks = ({ revocation }: Mutant['policy']): FtrsPolicy => ({ ...ftrsConformant, revocation });

/** FtRS providers that learn of revocation by asking, and do not make of it what they should. */
export const ftrsRevocationMutants: Readonly<Record<string, FtrsMutant>> = Object.fromEntries(
  Object.entries(revocationMutants).map(([name, mutant]) => [
    name,
    { ...ofFtrs(mutant), policy: asks(mutant.policy) },
  ]),
);
/** The reference, asking in either way. */
export const ftrsRevocationVariants: Readonly<
  Record<string, { readonly title: string; readonly policy: FtrsPolicy }>
> = Object.fromEntries(
  ['conformant-ocsp', 'conformant-crldp'].flatMap((name) => {
    const variant = revocationVariants[name];
    return variant ? [[name, { title: variant.title, policy: asks(variant.policy) }]] : [];
  }),
);

/** Conformant providers that decide otherwise where nothing binds: the cases that are noted and come out otherwise. */
export const ftrsCertificateVariants: Readonly<
  Record<string, Pick<Variant, 'title' | 'differs' | 'clouds'> & { readonly policy: FtrsPolicy }>
> = Object.fromEntries(
  Object.entries({ ...certificateVariants, ...transportVariants })
    // Weak certificates bind here; sessions and renegotiation are no cases of FtRS.
    .filter(([name]) => !/weak|renegotiating|resuming/.test(name))
    .map(([name, { title, policy, differs = [], clouds = [] }]) => [
      name,
      {
        title,
        policy: deciding(policy),
        differs: differs.map(caseOfFtrs),
        clouds: clouds.map(caseOfFtrs),
      },
    ]),
);

/** Providers that look at certificates, but not in every version, or not whatever is asked. */
export const ftrsEverywhereMutants: Readonly<Record<string, Omit<FtrsMutant, 'caughtBy'>>> = {
  'overlooks-certificates-in-tls13': {
    title: 'looks at certificates in TLS 1.2, and at none in TLS 1.3',
    policy: deciding({ ...conformant, examinesIn: ['TLSv1.2'] }),
  },
  'overlooks-certificates-of-services': {
    title: 'turns bad certificates away from the search for organisations alone',
    policy: deciding(wrong('guards', /\/Organization\b/)),
  },
};
