import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { zipSync } from 'fflate';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { pack, sha256, textOf, unpack, utf8, type Files } from '../certify/archive.ts';
import { bundle, challengeFile, evidenceName, MANIFEST, SCORECARD, STATEMENT } from '../certify/bundle.ts';
import { poseChallenge } from '../certify/challenge.ts';
import { obstacles } from '../certify/conditions.ts';
import {
  generateSigningKey,
  openSigningKey,
  readTrust,
  type SigningKey,
  type TrustSet,
} from '../certify/keys.ts';
import { seal, type Predicate, type Statement } from '../certify/statement.ts';
import { verifyBundle } from '../certify/verify.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { waiting } from '../run/exhibits.ts';
import { challengeIn, traceId } from '../run/challenge.ts';
import { digestOf, planOf } from '../run/ledger.ts';
import { plan } from '../run/plan.ts';
import { scope } from '../run/scope.ts';
import { assemble, type RunRecord } from '../run/record.ts';
import { version } from '../run/told.ts';
import { examined, hierarchy } from './stand.ts';

/** A certificate is only as good as what it refuses: each kind of tampering fails with its own message. */

const PASSPHRASE = 'a passphrase for the tests';
const VERSION = '1.2.3';
const CARD = utf8('{"tool":{}}');
const RECORD = 'records/001/record.json';
const LEDGER = 'records/001/ledger.ndjson';

interface Issuer {
  readonly key: SigningKey;
  readonly trust: TrustSet;
}
async function issuer(holder?: 'assessor' | 'supplier', now?: Date): Promise<Issuer> {
  const { privatePem, trust } = await generateSigningKey(PASSPHRASE, {
    ...(holder && { holder }),
    ...(now && { now }),
  });
  return { key: await openSigningKey(privatePem, PASSPHRASE, 'key'), trust };
}

let record: RunRecord;
let ours: Issuer;
let other: Issuer;
let assessor: Issuer;
before(async () => {
  const pki = await hierarchy;
  const started = new Date();
  const findings = await examined(await startStandIn('conformant', pki), pki);
  const edition = gpconnect.editions[0];
  const given = new Set(waiting(scope(gpconnect, edition), new Set()).map(({ requirement }) => requirement));
  record = assemble(findings, {
    version: VERSION,
    profile: gpconnect,
    edition,
    subject: { url: 'https://provider.test/A11111/STU3/1/gpconnect' },
    started,
    finished: new Date(),
    shown: { findings: [], given },
    versions: ['TLSv1.2'],
  });
  [ours, other, assessor] = await Promise.all([issuer(), issuer(), issuer('assessor')]);
});

const bytesOf = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 2)}\n`);
const today = (): Date => new Date();
const obstaclesTo = (change: object): readonly string[] =>
  obstacles({ ...record, ...change } as RunRecord, { version: VERSION, today: today(), profile: gpconnect });

interface Making {
  readonly record?: RunRecord;
  readonly issued?: Date;
  readonly by?: 'assessor' | 'supplier';
  readonly from?: Issuer;
  readonly version?: string;
  readonly others?: Files;
}
type Line = Readonly<Record<string, unknown>>;
/** A ledger as it would have been written, each line on the one before. */
function ledger(lines: readonly Line[]): Uint8Array {
  let previous = `sha256:${'0'.repeat(64)}`;
  const texts = lines.map((line, at) => {
    const text = JSON.stringify({ seq: at + 1, previous, at: today().toISOString(), ...line });
    previous = digestOf(text);
    return `${text}\n`;
  });
  return utf8(texts.join(''));
}
const begun = (of: RunRecord, more: Line = {}): Line => ({
  event: 'begun',
  attempt: 1,
  tool: VERSION,
  plan: planOf(of.profile, of.subject),
  ...more,
});
const ended = (of: RunRecord, more: Line = {}): Line => ({
  event: 'ended',
  attempt: 1,
  record: digestOf(bytesOf(of)),
  verdict: of.verdict,
  ids: 0,
  ...more,
});

/** The digest of no bytes at all. */
const NOTHING = `sha256:${sha256(new Uint8Array())}`;
/** The record with a file of evidence behind its first finding. */
const evidenced = (): RunRecord => ({
  ...record,
  findings: record.findings.map((each, at) => (at === 0 ? { ...each, evidence: [NOTHING] } : each)),
});
const made = ({
  record: of = record,
  issued = today(),
  by = 'supplier',
  from = ours,
  version = VERSION,
  others = {},
}: Making = {}) =>
  bundle(
    [{ record: of, bytes: bytesOf(of) }],
    {
      'records/001/junit.xml': utf8('<testsuite/>'),
      [LEDGER]: ledger([begun(of), ended(of)]),
      [SCORECARD]: CARD,
      ...others,
    },
    { tool: { name: 'assay', version }, ranBy: by, issued },
    from.key,
  );
const verified = (bytes: Uint8Array, trust = ours.trust, at = today()) =>
  verifyBundle(bytes, trust, at, VERSION, CARD);
const changed = (bytes: Uint8Array, change: (files: Record<string, Uint8Array>) => void): Uint8Array => {
  const files: Record<string, Uint8Array> = { ...(unpack(bytes) as Files) };
  change(files);
  return pack(files);
};

/** The same bundle with another statement or other files, signed again by the same key. */
function resigned(
  change: (predicate: Predicate) => Predicate,
  edit: (files: Record<string, Uint8Array>) => unknown = () => {},
  bytes = made(),
): Uint8Array {
  return changed(bytes, (files) => {
    edit(files);
    const listed = Object.keys(files).filter((name) => name !== MANIFEST && name !== STATEMENT);
    files[MANIFEST] = bytesOf({
      files: Object.fromEntries(listed.map((name) => [name, sha256(files[name] as Uint8Array)])),
    });
    const { payload } = JSON.parse(textOf(files[STATEMENT] as Uint8Array)) as { payload: string };
    const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as Statement;
    const subject = [{ name: MANIFEST, digest: { sha256: sha256(files[MANIFEST]) } }] as const;
    files[STATEMENT] = bytesOf(
      seal({ ...statement, subject, predicate: change(statement.predicate) }, ours.key),
    );
  });
}

/** The record as a run left it that sent no id at all, or this one alone. */
const untraced = (of: RunRecord): RunRecord => ({
  ...of,
  findings: of.findings.map((each) => ({ ...each, trace: [] })),
  noted: of.noted.map((each) => ({ ...each, trace: [] })),
});
const traced = (id: string): RunRecord => {
  const [first, ...rest] = untraced(record).findings;
  return { ...untraced(record), findings: first ? [{ ...first, trace: [id] }, ...rest] : rest };
};

interface Challenging {
  readonly record?: RunRecord;
  readonly by?: Issuer;
  readonly subject?: string;
  readonly attempt?: string;
  readonly ids?: number;
  readonly at?: string;
  readonly without?: boolean;
}
/** A bundle of a run that met the challenge of an assessor, with one id in its record. */
function challenged({
  by = assessor,
  subject,
  attempt = '1',
  ids = 1,
  at,
  without,
  ...rest
}: Challenging = {}) {
  const posed = bytesOf(poseChallenge(by.key, subject === undefined ? {} : { subject }));
  const challenge = challengeIn(textOf(posed));
  assert.ok(challenge);
  const of = rest.record ?? traced(traceId(challenge, attempt, 0));
  const digest = digestOf(posed);
  return made({
    record: of,
    others: {
      [LEDGER]: ledger([begun(of, { challenge: digest, ...(at && { at }) }), ended(of, { ids })]),
      ...(!without && { [challengeFile(RECORD, digest)]: posed }),
    },
  });
}

describe('a run that met a challenge', () => {
  const both = (): TrustSet => ({ keys: [...ours.trust.keys, ...assessor.trust.keys] });
  test('is witnessed, by whoever posed it', () => {
    const { holds, faults, statement } = verified(challenged(), both());
    assert.deepEqual([holds, faults], [true, []]);
    assert.equal(statement?.predicate.assurance, 'witnessed');
    assert.deepEqual(statement?.predicate.certified[0]?.challengedBy, [assessor.key.kid]);
  });
  test('is self-declared where the supplier posed it himself', () => {
    const { faults, statement } = verified(challenged({ by: ours }), both());
    assert.deepEqual([faults, statement?.predicate.assurance], [[], 'self-declared']);
  });
  test('is not witnessed for whoever does not trust that key', () => {
    assert.match(
      verified(challenged()).faults[0] ?? '',
      /the challenge is signed by the key .* not trusted$/,
    );
  });
});

test('attempts that never ended are told', () => {
  const lines = [begun(record), begun(record, { attempt: 2 }), ended(record, { attempt: 2 })];
  const { statement, faults } = verified(made({ others: { [LEDGER]: ledger(lines) } }));
  const { begun: all, unfinished } = statement?.predicate.certified[0]?.attempts ?? {};
  assert.deepEqual([faults, all, unfinished], [[], 2, 1]);
});

test('the scorecard that ships is of this version, and the table of the README', async () => {
  const card = JSON.parse(await readFile(new URL('../certify/scorecard.json', import.meta.url), 'utf8')) as {
    readonly tool: { readonly version: string };
    readonly servers: readonly Readonly<Record<string, unknown>>[];
  };
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  assert.equal(card.tool.version, version);
  for (const row of card.servers) {
    const cells = Object.values(row).map((cell) => `${String(cell)} *`);
    assert.match(readme, new RegExp(`^\\| ${cells.join('\\| *').replace(/[().]/g, '\\$&')}\\|$`, 'm'));
  }
});

test('a bundle with its evidence holds', () => {
  const others = { [evidenceName(RECORD, NOTHING)]: new Uint8Array() };
  assert.deepEqual(verified(made({ record: evidenced(), others })).faults, []);
});

test('a bundle of a whole record holds, and has one byte form', () => {
  const issued = today();
  const bytes = made({ issued });
  const { holds, faults, statement } = verified(bytes);
  assert.deepEqual([holds, faults], [true, []]);
  assert.equal(statement?.predicate.specimen, false);
  assert.deepEqual(pack(unpack(bytes) as Files), bytes);
});

/** The record with one failure that is true of it, and a waiver for that. */
const waiving = (change: object = {}): RunRecord => {
  const finding = record.findings.find((each) => each.case === 'client-certificate/expired');
  const waiver = {
    case: 'client-certificate/expired',
    target: record.subject.url,
    owner: 'A. Owner',
    reason: 'mended in the next release',
    risk: 'RISK-12',
    expires: '2999-01-01',
    state: 'applied' as const,
    ...change,
  };
  return {
    ...record,
    waivers: [waiver],
    findings: record.findings.map((each) =>
      each === finding
        ? { ...each, outcome: 'fail' as const, observation: each.control.exchange, because: 'accepted' }
        : each,
    ),
  };
};

describe('a failure that is waived', () => {
  test('is certified, and the statement says so', () => {
    const bytes = made({ record: waiving() });
    const { holds, faults, statement } = verified(bytes);
    assert.deepEqual([holds, faults], [true, []]);
    assert.deepEqual(statement?.predicate.certified[0]?.waived, [
      { case: 'client-certificate/expired', risk: 'RISK-12', expires: '2999-01-01' },
    ]);
  });
  test('ends the certificate with its waiver', () => {
    const soon = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
    const bytes = made({ record: waiving({ expires: soon }) });
    assert.equal(verified(bytes).statement?.predicate.until.slice(0, 10), soon);
    const later = verified(bytes, ours.trust, new Date(Date.now() + 4 * 86_400_000));
    assert.match(later.faults[0] ?? '', new RegExp(`^the certificate ended on ${soon}`));
  });
  const table: readonly (readonly [string, object, RegExp])[] = [
    [
      'an expired waiver',
      { expires: '2020-01-01' },
      /the waiver for client-certificate\/expired expired on 2020-01-01/,
    ],
    ['of another subject', { target: 'https://elsewhere.test/x' }, /is for another subject/],
    ['of another case', { case: 'client-certificate/revoked' }, /failed: client-certificate\/expired/],
    [
      'called applied where it is not needed',
      { case: 'client-certificate/revoked' },
      /is called applied, and is stale/,
    ],
  ];
  for (const [title, change, says] of table) {
    test(`${title}: refused, before and after signing`, () => {
      const faulty = waiving(change);
      for (const found of [
        obstacles(faulty, { version: VERSION, today: today(), profile: gpconnect }),
        verified(made({ record: faulty })).faults,
      ])
        assert.ok(
          found.some((each) => says.test(each)),
          found.join('\n'),
        );
    });
  }
});

describe('what is not certified, and why', () => {
  test('nothing keeps a whole record', () => assert.deepEqual(obstaclesTo({}), []));
  test('nor one of a subject that learns of revocation by asking', () => {
    const planned = plan(gpconnect, { edition: record.edition, enforcesScope: true, revocation: 'ocsp' });
    const due = new Set(planned.map(({ id }) => id));
    const known = new Set(record.findings.map((each) => each.case));
    const [some] = record.findings;
    const asked = planned
      .filter(({ id, level }) => level !== 'noted' && !known.has(id))
      .map(({ id }) => ({ ...some, case: id }));
    assert.ok(asked.some((each) => each.case === 'ocsp/revoked'));
    const findings = [...record.findings.filter((each) => due.has(each.case)), ...asked];
    assert.deepEqual(obstaclesTo({ findings }), []);
    const without = findings.filter((each) => each.case !== 'ocsp/revoked');
    assert.deepEqual(obstaclesTo({ findings: without }), ['no finding for ocsp/revoked']);
  });
  const table: readonly (readonly [title: string, change: () => object, says: RegExp])[] = [
    ['narrowed', () => ({ selection: ['token/*'] }), /narrowed to token\/\*/],
    ['of no TLS version', () => ({ versions: undefined }), /in which TLS versions/],
    [
      'without the credentials of one of its versions',
      () => ({ versions: ['TLSv1.2', 'TLSv1.3'] }),
      /no finding for client-certificate\/[-a-z]+@TLSv1\.3/,
    ],
    [
      'another version',
      () => ({ tool: { name: 'assay', version: '0.0.1' } }),
      /made by Assay 0\.0\.1, and this is 1\.2\.3/,
    ],
    [
      'a finding left out',
      () => ({ findings: record.findings.filter((each) => each.case !== 'client-certificate/revoked') }),
      /no finding for client-certificate\/revoked/,
    ],
    [
      'inconclusive',
      () => ({
        findings: record.findings.map((each, at) => (at === 3 ? { ...each, outcome: 'inconclusive' } : each)),
      }),
      /inconclusive: /,
    ],
    [
      'failed',
      () => ({
        findings: record.findings.map((each, at) => (at === 3 ? { ...each, outcome: 'fail' } : each)),
      }),
      /failed: /,
    ],
    [
      'pending',
      () => ({ pending: [{ requirement: 'GPC-SEC-CERT-DIR', needs: 'attestation' }] }),
      /GPC-SEC-CERT-DIR/,
    ],
    [
      'not examined',
      () => ({ notExamined: [{ case: 'client-certificate/revoked', because: 'x' }] }),
      /not examined: client-certificate\/revoked/,
    ],
    ['stale', () => ({ finished: '2026-01-01T00:00:00.000Z' }), /days old; a record certifies for 30 days/],
    ['of the future', () => ({ finished: '2036-01-01T00:00:00.000Z' }), /in the future/],
    [
      'a downgraded set',
      () => ({
        documents: record.documents.map((each, at) =>
          at === 0 ? { ...each, set: { ...each.set, digest: `sha256:${'0'.repeat(64)}` } } : each,
        ),
      }),
      /held to another set of gpc-security/,
    ],
    ['a document left out', () => ({ documents: record.documents.slice(1) }), /not held to gpc-security/],
    ['another verdict', () => ({ verdict: 'inconclusive' }), /its verdict is inconclusive/],
    ['interrupted', () => ({ incomplete: true }), /incomplete/],
  ];
  for (const [title, change, says] of table) {
    test(title, () => {
      const found = obstaclesTo(change());
      assert.ok(
        found.some((each) => says.test(each)),
        found.join('\n'),
      );
    });
  }
});

describe('each kind of tampering fails with its own message', () => {
  const reseal = (change: (predicate: Record<string, unknown>) => void): Uint8Array =>
    changed(made(), (files) => {
      const envelope = JSON.parse(textOf(files[STATEMENT] as Uint8Array)) as { payload: string };
      const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as {
        predicate: Record<string, unknown>;
      };
      change(statement.predicate);
      files[STATEMENT] = bytesOf({
        ...envelope,
        payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
      });
    });
  const flip = (name: string): Uint8Array =>
    changed(made(), (files) => {
      const bytes = Uint8Array.from(files[name] as Uint8Array);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      files[name] = bytes;
    });
  const forged = (change: (forgery: RunRecord) => RunRecord): Uint8Array => made({ record: change(record) });
  const twice = (...more: readonly Line[]): readonly Line[] => [
    begun(record),
    ended(record, { record: digestOf('an earlier record') }),
    begun(record, { attempt: 2 }),
    ended(record, { attempt: 2 }),
    ...more,
  ];
  const kept = (lines: readonly Line[], change = (texts: string[]): readonly string[] => texts): Uint8Array =>
    made({
      others: { [LEDGER]: utf8(change(textOf(ledger(lines)).split(/(?<=\n)/)).join('')) },
    });
  const said = (name: 'attempts' | 'challengedBy', value: unknown): Uint8Array =>
    resigned((predicate) => ({
      ...predicate,
      certified: predicate.certified.map((each) => ({ ...each, [name]: value })),
    }));
  const attempts: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
    [
      'the ledger left out before signing',
      () =>
        resigned(
          (predicate) => predicate,
          (files) => delete files[LEDGER],
        ),
      /it has no ledger of attempts$/,
    ],
    [
      'one bit of the ledger, after signing',
      () => flip(LEDGER),
      /^records\/001\/ledger\.ndjson was changed$/,
    ],
    [
      'the ledger cut at its head',
      () => kept(twice(), (texts) => texts.slice(2)),
      /ledger\.ndjson: it begins with entry 3: what came before was cut off$/,
    ],
    [
      'the ledger cut in the middle',
      () => kept(twice(), (texts) => texts.toSpliced(1, 1)),
      /ledger\.ndjson: line 2 is entry 3: entries were taken out or put in another order$/,
    ],
    [
      'the ledger cut at its tail',
      () => kept(twice(), (texts) => texts.slice(0, 3)),
      /no attempt in its ledger ended with it$/,
    ],
    [
      'the ledger cut in a line',
      () => kept(twice(), (texts) => texts.with(3, '{"seq":4')),
      /ledger\.ndjson: its last line is cut short$/,
    ],
    [
      'the ledger reordered',
      () => kept(twice(), ([a = '', b = '', c = '', d = '']) => [a, c, b, d]),
      /entries were taken out or put in another order$/,
    ],
    [
      'an entry of the ledger rewritten',
      () =>
        kept(twice(), (texts) => texts.with(1, (texts[1] ?? '').replace('"conformant"', '"inconclusive"'))),
      /line 3 does not follow from the one before, which was changed$/,
    ],
    [
      'an attempt that was never begun',
      () => kept([begun(record), ended(record, { attempt: 7 })]),
      /line 2 ends attempt 7, which was not begun, or ended before$/,
    ],
    [
      'an attempt at another subject',
      () => kept([begun({ ...record, subject: { url: 'https://other.test' } }), ended(record)]),
      /its attempt 1 was begun for another subject$/,
    ],
    [
      'fewer attempts in the statement than in the ledger',
      () => said('attempts', { begun: 0, unfinished: 0, heads: [] }),
      /the statement says otherwise of its attempts than its ledger$/,
    ],
    [
      'a bundle called witnessed that met no challenge',
      () => resigned((predicate) => ({ ...predicate, assurance: 'witnessed' })),
      /it is called witnessed, and met no challenge$/,
    ],
    [
      'a trace id that is not derived',
      () => challenged({ record: traced('00000000-0000-4000-8000-000000000000') }),
      /1 of its 1 trace ids do not follow from the challenge, 00000000-0000-4000-8000-000000000000 first$/,
    ],
    [
      'a trace id of another attempt',
      () => challenged({ attempt: '2' }),
      /1 of its 1 trace ids do not follow from the challenge/,
    ],
    [
      'more trace ids than the attempt gave out',
      () => challenged({ ids: 0 }),
      /1 of its 1 trace ids do not follow from the challenge/,
    ],
    [
      'no trace id at all',
      () => challenged({ record: untraced(record) }),
      /it names no trace id that could follow from the challenge$/,
    ],
    [
      'a challenge left out before signing',
      () => challenged({ without: true }),
      /its challenge sha256:[0-9a-f]{64} is missing$/,
    ],
    [
      'a challenge that is over',
      () => challenged({ at: '2999-01-01T00:00:00.000Z' }),
      /its attempt 1 was not begun in the time of the challenge$/,
    ],
    [
      'a challenge for another subject',
      () => challenged({ subject: 'https://other.test' }),
      /its challenge is for https:\/\/other\.test$/,
    ],
    [
      "a challenge of nobody's that is trusted",
      () => challenged({ by: other }),
      /the challenge is signed by the key [\w-]+, which is not trusted$/,
    ],
    [
      "a supplier's own challenge called witnessed",
      () =>
        resigned(
          (predicate) => ({ ...predicate, assurance: 'witnessed' }),
          undefined,
          challenged({ by: ours }),
        ),
      /it is called witnessed, and was challenged by the key that signed the bundle$/,
    ],
  ];
  const table: readonly (readonly [
    title: string,
    bytes: () => Uint8Array,
    says: RegExp,
    trust?: () => TrustSet,
  ])[] = [
    ['one bit of the record', () => flip(RECORD), /^records\/001\/record\.json was changed$/],
    [
      'one bit of another file',
      () => flip('records/001/junit.xml'),
      /^records\/001\/junit\.xml was changed$/,
    ],
    ['one bit of the manifest', () => flip(MANIFEST), /^the manifest is not the one that was signed$/],
    [
      'one bit of the statement',
      () => reseal((predicate) => (predicate['ranBy'] = 'assessor')),
      /^the signature does not hold/,
    ],
    [
      'a file added',
      () => changed(made(), (files) => (files['extra.txt'] = utf8('x'))),
      /^extra\.txt was added$/,
    ],
    [
      'a file removed',
      () => changed(made(), (files) => delete files['records/001/junit.xml']),
      /junit\.xml was removed$/,
    ],
    [
      'the manifest removed',
      () => changed(made(), (files) => delete files[MANIFEST]),
      /^the manifest is missing$/,
    ],
    [
      'the statement removed',
      () => changed(made(), (files) => delete files[STATEMENT]),
      /^the statement is missing$/,
    ],
    ['a key swapped', () => made({ from: other }), /is not trusted$/],
    [
      'a key swapped under the same name',
      () => made({ from: other }),
      /^the signature does not hold/,
      () => ({ keys: [{ ...(ours.trust.keys[0] as TrustSet['keys'][0]), kid: other.key.kid }] }),
    ],
    ['a trailing byte', () => Buffer.concat([made(), Buffer.from([0])]), /one byte form/],
    [
      'another ZIP of the same files',
      () => zipSync({ ...(unpack(made()) as Files) }, { level: 6 }),
      /one byte form/,
    ],
    ['no ZIP', () => utf8('PK nothing'), /one byte form/],
    [
      'a finding dropped before signing',
      () => forged((of) => ({ ...of, findings: of.findings.slice(1) })),
      /no finding for /,
    ],
    [
      'an outcome that does not follow from what was observed',
      () =>
        forged((of) => ({
          ...of,
          findings: of.findings.map((each) =>
            each.case === 'client-certificate/expired'
              ? { ...each, observation: each.control.exchange }
              : each,
          ),
        })),
      /client-certificate\/expired does not follow from what was observed/,
    ],
    [
      'an embedded provider passed off as a real one',
      () => {
        const standIn = { ...record, subject: { ...record.subject, standIn: 'conformant' } };
        return bundle(
          [{ record, bytes: bytesOf(standIn) }],
          { [LEDGER]: ledger([begun(standIn), ended(standIn)]), [SCORECARD]: CARD },
          { tool: { name: 'assay', version: VERSION }, ranBy: 'supplier', issued: today() },
          ours.key,
        );
      },
      /embedded provider, and the statement does not call it a specimen/,
    ],
    [
      'evidence left out before signing',
      () => made({ record: evidenced() }),
      /its evidence sha256:[0-9a-f]{64} is missing$/,
    ],
    [
      'other evidence in its place before signing',
      () => made({ record: evidenced(), others: { [evidenceName(RECORD, NOTHING)]: utf8('x') } }),
      /its evidence sha256:[0-9a-f]{64} is something else$/,
    ],
    [
      'the scorecard of another release',
      () => made({ others: { [SCORECARD]: utf8('{}') } }),
      /^scorecard\.json is not the scorecard that shipped with Assay 1\.2\.3$/,
    ],
    [
      'no scorecard',
      () => changed(made(), (files) => delete files[SCORECARD]),
      /^scorecard\.json is missing$/,
    ],
    ...attempts,
    ['another version', () => made({ version: '9.9.9' }), /certified by Assay 9\.9\.9/],
    [
      'issued before the key was valid',
      () => made({ issued: new Date(Date.now() - 86_400_000) }),
      /key was not valid when the statement was issued/,
    ],
  ];
  for (const [title, bytes, says, trust] of table) {
    test(title, () => {
      const { holds, faults } = verified(bytes(), trust?.());
      assert.equal(holds, false);
      assert.ok(
        faults.some((fault) => says.test(fault)),
        faults.join('\n'),
      );
    });
  }
  test('a key that has ended', () => {
    const { faults } = verified(made(), ours.trust, new Date(Date.now() + 400 * 86_400_000));
    assert.match(faults[0] ?? '', /^the key ended on /);
  });
  test("a supplier's key does not speak for an assessor", async () => {
    const supplier = await issuer('supplier');
    const { faults } = verified(made({ from: supplier, by: 'assessor' }), supplier.trust);
    assert.match(faults[0] ?? '', /signed by a supplier's key/);
  });
  test('a stand-in is a specimen', () => {
    const standIn = { ...record, subject: { ...record.subject, standIn: 'conformant' } };
    const { holds, statement } = verified(made({ record: standIn }));
    assert.deepEqual([holds, statement?.predicate.specimen], [true, true]);
  });
});

describe('keys', () => {
  test('the private one is encrypted, and opens only with its passphrase', async () => {
    const { privatePem } = await generateSigningKey(PASSPHRASE);
    assert.match(privatePem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    await assert.rejects(
      openSigningKey(privatePem, 'another', '--key'),
      /^ConfigurationError: --key: cannot be opened/,
    );
    await assert.rejects(openSigningKey('nothing', PASSPHRASE, '--key'), /is no encrypted private key/);
  });
  const key = (change: object): string =>
    JSON.stringify({ keys: [{ ...(ours.trust.keys[0] as object), ...change }] });
  const table: readonly (readonly [title: string, text: () => string, says: RegExp])[] = [
    ['no JSON', () => '{', /trust\.json: is no JSON/],
    ['no keys', () => '{}', /trust\.json#\/keys/],
    ['a private key', () => key({ d: 'x' }), /#\/keys\/0: .*a private key does not belong here/],
    ['no end', () => key({ exp: undefined }), /#\/keys\/0/],
    ['another curve', () => key({ crv: 'P-384' }), /#\/keys\/0/],
  ];
  for (const [title, text, says] of table)
    test(title, () => assert.throws(() => readTrust(text(), 'trust.json'), says));
});
