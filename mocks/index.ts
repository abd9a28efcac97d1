/**
 * What a provider's team can use in tests of its own:
 *
 * ```ts
 * import { setupServer } from 'msw/node';
 * import { cis2 } from 'assay/mocks';
 *
 * const issuer = await cis2.createIssuer({ login: 'aal3-clinician' });
 * const server = setupServer(...issuer.handlers);
 * server.listen();
 *
 * const good = await issuer.mint({ audience: 'my-client' });
 * const bad = await issuer.mint({ audience: 'my-client', defect: 'alg-none' });
 * ```
 */
export * as cis2 from './cis2/index.ts';
/** The listening SSP and its wire form. */
export * as ssp from './ssp/index.ts';
/** OCSP responder and CRLs. */
export * as revocation from './revocation/index.ts';
/** The reference provider, its variants and its mutants, by name. */
export { standInNames, startStandIn } from './provider/stand-in.ts';
