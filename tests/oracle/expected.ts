import type { ErrorAnswer, Expectation, SuiteGroup } from '../model.ts';

const answer = ({ status, issue, codes, header }: ErrorAnswer): string =>
  [
    `HTTP ${status} with an OperationOutcome, issue ${issue.join(' or ')}`,
    ...(codes.length > 0 ? [`code ${codes.join(' or ')}`] : []),
    ...(header ? [`and a ${header} header`] : []),
  ].join(', ');
const names = (groups: readonly SuiteGroup[]): string => groups.map(({ name }) => name).join(', ');

/** What must come of a stimulus, in one sentence for a reader who does not know the code. */
export function expectationInWords(expected: Expectation): string {
  switch (expected.kind) {
    case 'accepted':
      return 'accepted: the payload of the valid exchange';
    case 'refused-connection':
      return 'refused: in TLS (alert or close), or over HTTP with 4xx';
    case 'refused-request':
      return 'refused with HTTP 4xx';
    case 'error-status':
      return 'where the refusal speaks HTTP, status 4xx or 5xx';
    case 'outcome':
      return expected.answers.map(answer).join('; or ');
    case 'cache-control': {
      const where = {
        answer: 'the answer',
        error: 'the error, where one is answered',
        refusal: 'the refusal, where it is a page',
      };
      return `Cache-Control: ${expected.directive} on ${where[expected.of]}`;
    }
    case 'offer-refused':
      return 'refused: no ServerHello for this offer';
    case 'suites-supported':
      return `at least one suite accepted of each of ${names(expected.groups)}`;
    case 'suites-ordered':
      return `suites picked in the order ${names(expected.groups)}`;
  }
}
