import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ftrsMutants, ftrsVariants } from '../../mocks/provider/ftrs/mutants.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { collapse, ENFORCED, flattened, readAlong } from '../run/enforcement.ts';
import type { Finding } from '../run/finding.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import { assemble, rejudge } from '../run/record.ts';
import { checkRecord } from '../run/record-schema.ts';
import { createStand, examinedBy, type FtrsStand } from './ftrs-stand.ts';

/** A control that is not there is one finding; one that is there, however bad, is one for each thing it overlooks. */

const planned = plan(ftrs, everythingOn('1.1.0')).filter(({ id }) => id.startsWith('cis2-token/'));
let stand: FtrsStand;
before(async () => {
  stand = await createStand();
  setDefaultCACertificates([...getCACertificates('default'), stand.pki.root]);
});
after(() => stand.close());

const policyOf = (name: string) => {
  const policy = (ftrsVariants[name] ?? ftrsMutants[name])?.policy;
  assert.ok(policy, name);
  return policy;
};
const findingsOf = async (name: string) => examinedBy(stand, await stand.start(policyOf(name)), planned);
const heads = (findings: readonly Finding[]) => findings.filter(({ beneath }) => beneath);
const failed = (findings: readonly Finding[]) =>
  findings.filter(({ outcome, level }) => outcome === 'fail' && level !== 'noted').map((each) => each.case);
const recordOf = (findings: readonly Finding[]) =>
  assemble(findings, {
    version: '0.0.0',
    profile: ftrs,
    edition: '1.1.0',
    subject: { url: 'https://localhost' },
    started: new Date(),
    finished: new Date(),
  });

test('a subject that looks at no token has one failure, with the list beneath, and the record holds', async () => {
  const findings = await findingsOf('checks-no-token');
  const record = recordOf(findings);
  assert.deepEqual(failed(record.findings), [ENFORCED]);
  const [head] = heads(record.findings);
  assert.ok(head?.beneath && head.beneath.length > 130, String(head?.beneath?.length));
  assert.match(head.because, /^not enforced: the subject served \d+ of \d+ requests/);
  checkRecord(record);
  assert.equal(record.verdict, 'non-conformant');
  assert.deepEqual(rejudge(record), []);
  assert.deepEqual(
    new Set(flattened(record.findings).map((each) => each.case)),
    new Set(findings.filter(({ level }) => level !== 'noted').map((each) => each.case)),
  );
});

test('whoever reads along is told one row, and every row where a token is looked at', async () => {
  const told = (findings: readonly Finding[]): readonly string[] => {
    const rows: string[] = [];
    const rest = readAlong((finding) => rows.push(finding.case));
    findings.forEach(rest.next);
    rest.end(findings);
    return rows;
  };
  const open = await findingsOf('checks-no-token');
  assert.deepEqual(
    told(open).filter((id) => id === ENFORCED || failed(open).includes(id)),
    [ENFORCED],
  );
  const closed = await findingsOf('conformant');
  assert.deepEqual([...told(closed)].sort(), closed.map((each) => each.case).sort());
});

test('an operation that is open is one failure of that operation', async () => {
  const record = recordOf(await findingsOf('leaves-one-operation-open'));
  assert.deepEqual(failed(record.findings), [`${ENFORCED}@find-healthcare-service`]);
  assert.deepEqual(rejudge(record), []);
});

test('who asks for a token and believes any, or needs none and looks at those given, keeps a failure for each', async () => {
  const form = await examinedBy(stand, await stand.start({ checks: 'form' }), planned);
  assert.deepEqual(heads(collapse(form)), []);
  assert.ok(failed(form).length > 100);
  for (const name of ['takes-absent-for-a-visitor', 'misjudges-exp-past', 'conformant'])
    assert.deepEqual(heads(collapse(await findingsOf(name))), [], name);
});

test('a narrowed run says nothing at large', async () => {
  const findings = await findingsOf('checks-no-token');
  assert.deepEqual(heads(collapse(findings.slice(0, 3))), []);
});

test('a record in which one finding stands for others that do not bear it out does not hold', async () => {
  const record = recordOf(await findingsOf('checks-no-token'));
  const [head] = heads(record.findings);
  assert.ok(head);
  const fewer = { ...head, beneath: head.beneath?.slice(0, 5) ?? [] };
  const others = record.findings.filter((each) => each !== head);
  assert.deepEqual(rejudge({ findings: [...others, fewer] }), [ENFORCED]);
  assert.deepEqual(rejudge({ findings: [...others, { ...head, outcome: 'pass' }] }), [ENFORCED]);
});
