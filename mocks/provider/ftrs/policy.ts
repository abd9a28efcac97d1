import { strict, type TokenPolicy } from '../cis2/policy.ts';
import { conformant, type CertificatePolicy, type TlsPolicy } from '../policy.ts';
import { byFile, type RevocationPolicy } from '../revocation.ts';
import { strictKeys, type KeyPolicy } from './keys.ts';

/** What an OperationOutcome says of one refusal (FHIR R4). */
export interface R4Entry {
  readonly status: number;
  readonly severity: string;
  /** FHIR R4 issue type. */
  readonly issue: string;
  readonly system: string;
  readonly code: string;
  readonly display: string;
  readonly diagnostics: string;
}

/** Why an FtRS provider refuses a request. */
const ftrsRefusals = [
  'certificate',
  'no-token',
  'token',
  'expired',
  'assurance',
  'role',
  'unavailable',
  'header-unknown',
  'header-missing',
  'parameter',
  'not-found',
] as const;
export type FtrsRefusal = (typeof ftrsRefusals)[number];

/** The decisions of an FtRS provider, one field each; a mutant gets exactly one wrong. About TLS and certificates they are those of a GP Connect provider. */
export interface FtrsPolicy extends CertificatePolicy, TlsPolicy {
  /** How it learns of revocation. */
  readonly revocation: RevocationPolicy;
  /** What an answer gives away that it should not; absent: nothing. */
  readonly leaks?: 'key' | 'key-in-error' | 'patient';
  /** Whether plain HTTP is served on the TLS port. */
  readonly servesClear: boolean;
  /** `none`: no token is looked at; `form`: only whether there is one; `full`: SEC-029. */
  readonly checks: 'full' | 'form' | 'none';
  /** What its transfer endpoint speaks; it stands in the approved list of ports. */
  readonly transfer: 'tls' | 'old-tls' | 'clear';
  /** Which other port it opens, and whether that one stands in the approved list. */
  readonly opens: 'none' | 'diagnostic' | 'approved-in-clear';
  /** Milliseconds for which every fourth look at a token holds a request up. */
  readonly dawdles: number;
  /** Whether a role may read what is below a path. */
  readonly mayRead: (roleCode: string, path: string) => boolean;
  /** What tells a tenant, who finds its own organisation alone. */
  readonly separates: 'by-token' | 'by-certificate' | 'not-at-all';
  /** Paths below the service root that it serves without a token. */
  readonly open: readonly string[];
  /** Whose tokens it takes: those of its own environment, or of another as well. */
  readonly environments: 'own' | 'both';
  readonly token: TokenPolicy;
  readonly keys: KeyPolicy;
  /** Places of a token that it takes beside the Authorization field. */
  readonly inQuery: boolean;
  /** Authentication schemes, in lower case, behind which it looks for a token. */
  readonly schemes: readonly string[];
  /** Whether the scheme is compared without regard to case (RFC 9110 §11.1). */
  readonly anyCase: boolean;
  /** Which of several Authorization fields counts; `refuse`: none does. */
  readonly several: 'refuse' | 'first' | 'last';
  /** Which requests it serves without a token that it can read; absent: none. */
  readonly visitors?: 'absent' | 'empty' | 'schemeless';
  readonly answers: Readonly<Record<FtrsRefusal, R4Entry>>;
  readonly challenges: boolean;
  readonly resourceType: string;
  readonly mediaType: string;
  /** Whether what went wrong is told with the token in it. */
  readonly echoes: boolean;
}

const SPINE = 'https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode';
const UKCORE = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-SpineErrorOrWarningCode';
const HTTP = 'https://fhir.nhs.uk/CodeSystem/http-error-codes';

const entry = (
  status: number,
  issue: string,
  [system, code, display]: readonly [string, string, string],
  diagnostics: string,
  severity = 'error',
): R4Entry => ({ status, severity, issue, system, code, display, diagnostics });

const UNAUTHORISED = [SPINE, 'UNAUTHORIZED', 'Unauthorized'] as const;
const FORBIDDEN = [SPINE, 'FORBIDDEN', 'Forbidden'] as const;
const BAD = [HTTP, 'REC_BAD_REQUEST', '400: The Receiver was unable to process the request.'] as const;

/** What a policy decides about certificates. */
export const certificatesIn = ({
  plain,
  examinesIn,
  guards,
  requiresCertificate,
  overlooks,
  turnsAway,
  building,
  weaknesses,
  admits,
  pinsKey,
}: CertificatePolicy): CertificatePolicy => ({
  plain,
  examinesIn,
  guards,
  requiresCertificate,
  overlooks,
  turnsAway,
  building,
  weaknesses,
  admits,
  pinsKey,
});

/** An FtRS provider that keeps the rules. */
export const ftrsConformant: FtrsPolicy = {
  ...certificatesIn(conformant),
  versions: ['TLSv1.2', 'TLSv1.3'],
  serverCertificate: 'own',
  ciphers: 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH',
  groups: conformant.groups,
  revocation: byFile,
  servesClear: false,
  checks: 'full',
  transfer: 'tls',
  opens: 'none',
  dawdles: 0,
  // Administrators look organisations up, and no services.
  mayRead: (roleCode, path) => !(roleCode.endsWith(':R8008') && path === '/HealthcareService'),
  separates: 'by-token',
  open: ['/_ping'],
  environments: 'own',
  token: strict,
  keys: strictKeys,
  inQuery: false,
  schemes: ['bearer'],
  anyCase: true,
  several: 'refuse',
  answers: {
    certificate: entry(
      403,
      'forbidden',
      [
        'https://fhir.nhs.uk/CodeSystem/http-error-codes',
        'REC_FORBIDDEN',
        '403: Failed to authenticate with the Receiver.',
      ],
      'MTLS issue: the client certificate was refused',
      'fatal',
    ),
    'no-token': entry(401, 'security', UNAUTHORISED, 'Invalid or missing authentication token'),
    token: entry(401, 'security', UNAUTHORISED, 'Invalid or missing authentication token'),
    expired: entry(401, 'expired', UNAUTHORISED, 'The authentication token has expired'),
    assurance: entry(403, 'forbidden', FORBIDDEN, 'Insufficient assurance in the authentication token'),
    role: entry(403, 'forbidden', FORBIDDEN, 'Insufficient permissions to access this resource'),
    unavailable: entry(
      503,
      'transient',
      [HTTP, 'REC_SERVICE_UNAVAILABLE', '503: Service unavailable'],
      'The token cannot be checked now',
    ),
    'header-unknown': entry(400, 'invalid', BAD, 'Unexpected header(s)'),
    'header-missing': entry(400, 'required', BAD, 'Missing required header(s): X-Request-ID'),
    parameter: entry(
      400,
      'value',
      [UKCORE, 'INVALID_SEARCH_DATA', 'Invalid search data'],
      'identifier is missing or not of the form that is wanted',
    ),
    'not-found': entry(
      404,
      'not-supported',
      [UKCORE, 'UNSUPPORTED_SERVICE', 'Unsupported Service'],
      'Unsupported service',
    ),
  },
  challenges: true,
  resourceType: 'OperationOutcome',
  mediaType: 'application/fhir+json',
  echoes: false,
};
