import type { SecureVersion } from 'node:tls';
import { byFile, type RevocationPolicy } from './revocation.ts';
import { isInvalidResource, tokenRejections, type Overcaution } from './token-rules.ts';

/** The reasons for which a GP Connect provider rejects a request, in the order in which the reference looks. */
export const rejections = [
  'no-trace-id',
  'no-from',
  'no-to',
  'no-interaction-id',
  'another-asid',
  'interaction-mismatch',
  'no-token',
  'malformed-token',
  'another-audience',
  'expired-token',
  'wrong-scope',
  ...tokenRejections,
  'overcautious',
] as const;
export type Rejection = (typeof rejections)[number];

/** What an OperationOutcome says of one rejection. */
export interface ErrorEntry {
  readonly status: number;
  /** FHIR issue type. */
  readonly issue: string;
  /** Code of Spine-ErrorOrWarningCode-1, with its display. */
  readonly code: string;
  readonly display: string;
}

/** How every OperationOutcome is built (GP Connect error handling guidance). */
export interface OutcomeShape {
  readonly resourceType: string;
  readonly profile: string | undefined;
  readonly severity: string;
  readonly system: string;
  readonly withDisplay: boolean;
}

/** The decisions that a provider takes about one exchange. A mutant gets exactly one of them wrong. */
export interface Policy {
  /** Protocol versions, oldest and newest. */
  readonly versions: readonly [oldest: SecureVersion, newest: SecureVersion];
  /** A protocol too old for OpenSSL, answered by hand-made bytes beside the real server. */
  readonly relic: 'SSLv2' | 'SSLv3' | undefined;
  /** Whether plain HTTP is served on the TLS port. */
  readonly servesClear: boolean;
  /** OpenSSL cipher string for TLS 1.2 and below. */
  readonly ciphers: string;
  /** Whose order of cipher suites rules. */
  readonly cipherOrder: 'server' | 'client';
  /** Whether a client must present a certificate at all. */
  readonly requiresCertificate: boolean;
  /** OpenSSL verification errors that it overlooks in the certificate presented. */
  readonly overlooks: ReadonlySet<string>;
  /** How it learns of revocation. */
  readonly revocation: RevocationPolicy;
  /** Whether a sound certificate of this common name is let in. */
  readonly admits: (commonName: string, ssp: string) => boolean;
  /** How a refused certificate is told: by a page with this status, or by closing the connection. */
  readonly refusal: number | 'close';
  /** Rejections that it does not make. */
  readonly ignores: ReadonlySet<Rejection>;
  /** What it also turns away, though no document says so. */
  readonly cautious: ReadonlySet<Overcaution>;
  /** What each rejection is answered with. */
  readonly errors: Readonly<Record<Rejection, ErrorEntry>>;
  readonly outcome: OutcomeShape;
  /** `Cache-Control` on answers, on its own errors and on the page that refuses a certificate. */
  readonly cacheAnswer: string | undefined;
  readonly cacheError: string | undefined;
  readonly cacheRefusal: string | undefined;
}

const badRequest: ErrorEntry = { status: 400, issue: 'invalid', code: 'BAD_REQUEST', display: 'Bad request' };

const invalidResource: ErrorEntry = {
  status: 422,
  issue: 'invalid',
  code: 'INVALID_RESOURCE',
  display: 'Invalid validation of resource',
};

/** A provider that keeps the rules of GP Connect. */
export const conformant: Policy = {
  versions: ['TLSv1.2', 'TLSv1.2'],
  relic: undefined,
  servesClear: false,
  ciphers: 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH',
  cipherOrder: 'server',
  requiresCertificate: true,
  overlooks: new Set(),
  revocation: byFile,
  admits: (commonName, ssp) => commonName === ssp,
  refusal: 403,
  ignores: new Set(),
  cautious: new Set(),
  errors: Object.fromEntries(
    rejections.map((name) => [name, isInvalidResource(name) ? invalidResource : badRequest]),
  ) as Record<Rejection, ErrorEntry>,
  outcome: {
    resourceType: 'OperationOutcome',
    profile: 'https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1',
    severity: 'error',
    system: 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
    withDisplay: true,
  },
  cacheAnswer: 'no-store',
  cacheError: 'no-store',
  cacheRefusal: 'no-store',
};
