import type { Hierarchy } from '../../certs/index.ts';
import { absentees } from './absentees.ts';
import { certificateVariants } from './certificate-mutants.ts';
import { mutants, variants } from './mutants.ts';
import { editionMutants, editionVariants } from './outcome-mutants.ts';
import { htmlMutants } from './html-mutants.ts';
import { everywhereMutants } from './everywhere-mutants.ts';
import type { Policy } from './policy.ts';
import type { RevocationPlace } from './revocation.ts';
import { requestMutants } from './request-mutants.ts';
import { retrievalMutants, retrievalVariants } from './retrieval-mutants.ts';
import { revocationMutants, revocationVariants, unasking } from './revocation-mutants.ts';
import { serverCertificateVariants } from './server-certificate.ts';
import { startProvider, type Provider } from './server.ts';

/** Every name that a provider can be started by: the reference and its variants, mutants, absentees. */
export const standInNames: readonly string[] = [
  ...Object.keys(variants),
  ...Object.keys(certificateVariants),
  ...Object.keys(mutants),
  ...Object.keys(revocationVariants),
  ...Object.keys(requestMutants),
  ...Object.keys(editionVariants),
  ...Object.keys(editionMutants),
  ...Object.keys(htmlMutants),
  ...Object.keys(retrievalVariants),
  ...Object.keys(serverCertificateVariants),
  ...Object.keys(retrievalMutants),
  ...Object.keys(revocationMutants),
  ...Object.keys(unasking),
  ...Object.keys(everywhereMutants),
  ...Object.keys(absentees),
];

/** The policy behind a name; `undefined` for an absentee or an unknown name. */
const catalogue = {
  ...editionVariants,
  ...editionMutants,
  ...htmlMutants,
  ...variants,
  ...certificateVariants,
  ...mutants,
  ...requestMutants,
  ...retrievalVariants,
  ...serverCertificateVariants,
  ...retrievalMutants,
  ...revocationVariants,
  ...revocationMutants,
  ...unasking,
  ...everywhereMutants,
};
export const policyOf = (name: string): Policy | undefined =>
  Object.hasOwn(catalogue, name) ? catalogue[name]?.policy : undefined;

/**
 * Starts a stand-in by its name.
 * @param revocation where it asks after revocation, where its policy learns by asking
 * @param host address that it listens on; loopback unless told, and for an absentee always
 * @throws RangeError when there is none of that name
 */
export async function startStandIn(
  name: string,
  hierarchy: Hierarchy,
  port?: number,
  revocation?: RevocationPlace,
  host?: string,
): Promise<Provider> {
  const policy = policyOf(name);
  if (policy)
    return startProvider({
      policy,
      hierarchy,
      ...(port !== undefined && { port }),
      ...(revocation && { revocation }),
      ...(host !== undefined && { host }),
    });
  const absentee = Object.entries(absentees).find(([known]) => known === name)?.[1];
  if (!absentee) throw new RangeError(`no stand-in is called ${name}`);
  return absentee(hierarchy);
}
