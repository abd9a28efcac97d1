import type { ErrorAnswer, Expectation, ServerCertificateAspect, OutcomePart, SuiteGroup } from '../model.ts';

const answer = ({ status, issue, codes, header, says }: ErrorAnswer): string =>
  [
    `HTTP ${status} with an OperationOutcome, issue ${issue.join(' or ')}`,
    ...(codes.length > 0 ? [`code ${codes.join(' or ')}`] : []),
    ...(header ? [`and a ${header} header${says === undefined ? '' : ` matching ${says}`}`] : []),
  ].join(', ');
const names = (groups: readonly SuiteGroup[]): string => groups.map(({ name }) => name).join(', ');

function part(expected: OutcomePart): string {
  switch (expected.part) {
    case 'schema':
      return `an OperationOutcome that fits the JSON Schema of FHIR ${expected.release}`;
    case 'profile':
      return `an OperationOutcome with meta.profile ${expected.anyOf.join(' or ')}`;
    case 'severity':
      return `an OperationOutcome of severity ${expected.anyOf.join(' or ')}`;
    case 'system':
      return `an OperationOutcome with details.coding.system ${expected.anyOf.join(' or ')}`;
    case 'display':
      return 'an OperationOutcome whose details.coding.display is the text of its code';
  }
}

const ASPECTS: Readonly<Record<ServerCertificateAspect, string>> = {
  chain: 'a path to the expected anchor',
  name: 'the name by which it is reached',
  'days-left': '30 days left, or more',
  'key-size': 'RSA of 2048 bits or a curve of 224, or more',
  signature: 'no signature over MD5 or SHA-1',
  fingerprint: 'the certificate whose SHA-256 the subject file names',
};

/** What must come of a stimulus, in one sentence for a reader who does not know the code. */
export function expectationInWords(expected: Expectation): string {
  switch (expected.kind) {
    case 'accepted':
      return 'accepted: the payload of the valid exchange';
    case 'refused-connection':
      return 'refused: in TLS (alert or close), or over HTTP with 4xx';
    case 'refused-request':
      return `refused with HTTP 4xx${expected.orServerError ? ' or 5xx' : ''}`;
    case 'error-status':
      return 'where the refusal speaks HTTP, status 4xx or 5xx';
    case 'outcome':
      return expected.answers.map(answer).join('; or ');
    case 'outcome-part':
      return part(expected);
    case 'cache-control': {
      const where = {
        answer: 'the answer',
        error: 'the error, where one is answered',
        refusal: 'the refusal, where it is a page',
      };
      return `Cache-Control: ${expected.directive} on ${where[expected.of]}`;
    }
    case 'header':
      return `${expected.name} on the ${expected.of}, matching ${expected.pattern}`;
    case 'status':
      return `status ${expected.is}`;
    case 'discreet':
      return 'no stack trace, token, key, file path or SQL in the error';
    case 'not-in-clear':
      return 'not served in clear: nobody listens, closed, refused, or redirected to https';
    case 'server-certificate':
      return ASPECTS[expected.aspect];
    case 'no-renegotiation':
      return 'no second handshake that the client starts';
    case 'free-of':
      return expected.what === 'patient'
        ? 'no NHS number, birth date or Patient in the response'
        : 'no private key in the response';
    case 'ports':
      return expected.of === 'approved'
        ? 'no port open but the approved ones'
        : 'TLS on every approved port that is open';
    case 'versions':
      return 'TLS 1.2 or 1.3, and nothing older or in clear';
    case 'latency':
      return 'no more added at p95 than `options.addedLatency` of the subject file';
    case 'grants':
      return expected.of === 'roles'
        ? 'each role served what the policy file says, and nothing else'
        : "each tenant served its own record, and nothing of the other's";
    case 'key-set':
      return 'tokens under published keys accepted, all others not, within the time stated; an answer to each';
    case 'withstood':
      return `${expected.accepts ? 'answered as valid, ' : ''}refused with 4xx or 501, or cut off; nothing given away or fetched, and answering afterwards`;
    case 'answered-beside':
      return 'accepted, while other connections are held';
    case 'offer-refused':
      return 'refused: no ServerHello for this offer';
    case 'refused-once-asked':
      return 'refused, once the responder was asked';
    case 'offer-kept':
      return 'no version below the one offered';
    case 'suites-refused':
      return `no suite accepted of ${expected.family}`;
    case 'suites-preferred':
      return "suites picked in the server's order, not the client's";
    case 'key-exchange':
      return expected.of === 'DHE' ? 'a group of 2048 bits or more' : 'a curve of 224 bits or more';
    case 'hello-trait':
      return expected.trait === 'no-compression' ? 'no compression' : 'secure renegotiation (RFC 5746)';
    case 'suites-supported':
      return `at least one suite accepted of each of ${names(expected.groups)}`;
    case 'suites-ordered':
      return `suites picked in the order ${names(expected.groups)}`;
  }
}
