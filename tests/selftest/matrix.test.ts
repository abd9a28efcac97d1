import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { absentees } from '../../mocks/provider/absentees.ts';
import { certificateVariants } from '../../mocks/provider/certificate-mutants.ts';
import { htmlMutants } from '../../mocks/provider/html-mutants.ts';
import { mutants, variants } from '../../mocks/provider/mutants.ts';
import { editionMutants } from '../../mocks/provider/outcome-mutants.ts';
import { requestMutants } from '../../mocks/provider/request-mutants.ts';
import { revocationMutants, revocationVariants } from '../../mocks/provider/revocation-mutants.ts';
import { retrievalMutants, retrievalVariants } from '../../mocks/provider/retrieval-mutants.ts';
import { serverCertificateVariants } from '../../mocks/provider/server-certificate.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { catalogue } from '../cases/index.ts';
import { baseline, createWorker, runPlan } from '../run/engine.ts';
import { examine } from '../run/examine.ts';
import type { Finding } from '../run/finding.ts';
import type { Planned } from '../run/plan.ts';
import { rejudge } from '../run/record.ts';
import {
  drawn,
  everything,
  examined,
  having,
  hierarchy,
  representative,
  ROWS_AT_ONCE,
  runOf,
  WHOLE_MATRIX,
} from './stand.ts';

const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort();

/** Every variant answers at last; on busy cores the largest body that it is sent takes longer than two seconds. */
const ANSWER_MS = 15_000;

const runs = new Map<string, Promise<readonly Finding[]>>();
/** Every finding on a variant, driven once for both groups of tests. */
function whole(name: string): Promise<readonly Finding[]> {
  const known =
    runs.get(name) ??
    hierarchy.then(async (pki) => examined(await startStandIn(name, pki), pki, everything, true, ANSWER_MS));
  runs.set(name, known);
  return known;
}

describe('every case passes a conformant provider', { concurrency: ROWS_AT_ONCE }, () => {
  for (const [name, { title }] of Object.entries(variants)) {
    test(`${name}: ${title}`, async () => {
      const findings = await whole(name);
      const odd = findings.filter(({ outcome, level }) => outcome !== 'pass' && level !== 'noted');
      assert.deepEqual(
        odd.map((finding) => `${finding.case}: ${finding.outcome}: ${finding.because}`),
        [],
      );
      assert.deepEqual(rejudge({ findings }), []);
    });
  }
});

describe('a noted case comes out otherwise on a variant that decides otherwise, and only there', () => {
  const outcomes = async (name: string) =>
    new Map(
      (await whole(name))
        .filter(({ level }) => level === 'noted')
        .map((finding) => [finding.case, finding.outcome]),
    );
  for (const [name, { differs = [] }] of Object.entries(variants)) {
    test(name, async () => {
      const expected = await outcomes('conformant');
      const seen = await outcomes(name);
      const other = [...seen].filter(([id, outcome]) => outcome !== expected.get(id)).map(([id]) => id);
      assert.deepEqual(sorted(other), sorted(differs));
      assert.ok(![...seen.values()].includes('inconclusive'), JSON.stringify([...seen]));
    });
  }
});

/** `npm run matrix` runs everything; `npm test` the cases that a mutant names and a part of the rest, another for each. */
const rowOf = (mutant: string, named: readonly string[]): readonly Planned[] =>
  WHOLE_MATRIX ? representative : drawn(representative, mutant, named);

describe('every mutant fails exactly the cases that list it', { concurrency: ROWS_AT_ONCE }, () => {
  for (const [name, { title, caughtBy, clouds = [] }] of Object.entries({ ...mutants, ...requestMutants })) {
    test(`${name}: ${title}`, async () => {
      const pki = await hierarchy;
      const findings = await examined(
        await startStandIn(name, pki),
        pki,
        rowOf(name, [...caughtBy, ...clouds]),
        true,
      );
      const reasons = findings
        .filter(({ outcome }) => outcome !== 'pass')
        .map((each) => `${each.case}: ${each.because}`);
      assert.deepEqual(sorted(having(findings, 'fail')), sorted(caughtBy), reasons.join('\n'));
      assert.deepEqual(sorted(having(findings, 'inconclusive')), sorted(clouds), reasons.join('\n'));
      assert.deepEqual(rejudge({ findings }), []);
    });
  }
});

describe('no case has a verdict on a subject that is not there', () => {
  for (const [name, start] of Object.entries(absentees)) {
    test(name, async () => {
      const pki = await hierarchy;
      const provider = await start(pki);
      try {
        // Each case for itself, as if the subject had been there a moment ago: the run's own early stop is not met.
        const worker = () => ({
          ...createWorker(runOf(provider, pki, 150), {
            version: 'TLSv1.2',
            accepted: true,
            observation: { kind: 'nothing', reason: 'pretended' },
          }),
        });
        const findings = await Promise.all(representative.map((planned) => examine(planned, worker())));
        const odd = findings.filter(({ outcome }) => outcome !== 'inconclusive');
        assert.deepEqual(
          odd.map((finding) => `${finding.case}: ${finding.outcome}: ${finding.because}`),
          [],
        );
      } finally {
        await provider.close();
      }
    });
  }
});

describe('a subject that changes its mind', () => {
  /** The reference, behind a door that shuts for good after so many connections. */
  async function throttled(after: number) {
    const pki = await hierarchy;
    const provider = await startStandIn('conformant', pki);
    let met = 0;
    const door = createServer((socket) => {
      met += 1;
      if (met > after) socket.destroy();
      else
        socket
          .pipe(connect(provider.port, '127.0.0.1'))
          .on('error', () => {})
          .pipe(socket)
          .on('error', () => {});
    });
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    const { port } = door.address() as AddressInfo;
    const run = runOf({ ...provider, port }, pki);
    const close = async () => {
      door.close();
      await provider.close();
    };
    return { run, close };
  }
  test('once it throttles, no refusal is believed any more', async () => {
    const { run, close } = await throttled(30);
    try {
      const findings = await runPlan(run, everything, await baseline(run), 1);
      const from = findings.findIndex(({ outcome }) => outcome === 'inconclusive');
      assert.ok(from > 5 && from < 30, String(from));
      assert.deepEqual(having(findings.slice(from), 'pass'), []);
      assert.deepEqual(having(findings, 'fail'), []);
    } finally {
      await close();
    }
  });
});

test('closing without a word is judged the same, thirty times under load', async () => {
  const pki = await hierarchy;
  const closing = representative.filter(({ case: { id } }) =>
    /^client-certificate\/(absent|self-signed|wrong-issuer|expired|not-yet-valid|revoked|wrong-name)$/.test(
      id,
    ),
  );
  for (let round = 0; round < 30; round += 1) {
    const findings = await examined(await startStandIn('conformant-closing', pki), pki, closing);
    assert.deepEqual(
      having(findings, 'pass').length,
      closing.length,
      JSON.stringify(findings.map(({ because }) => because)),
    );
  }
});

describe('the matrix is whole', () => {
  const all = {
    ...mutants,
    ...requestMutants,
    ...editionMutants,
    ...htmlMutants,
    ...revocationMutants,
    ...retrievalMutants,
  };
  const owned = new Set(Object.values(all).map(({ caughtBy: [own] }) => own));
  test('every case is the own case of a mutant; a noted one is told apart by a variant', () => {
    const shown = new Set(
      Object.values({
        ...variants,
        ...certificateVariants,
        ...revocationVariants,
        ...retrievalVariants,
        ...serverCertificateVariants,
      }).flatMap(({ differs = [] }) => differs),
    );
    const noted = catalogue.filter(({ bearing }) => bearing === 'noted').map(({ id }) => id);
    assert.deepEqual(
      noted.filter((id) => !shown.has(id)),
      [],
    );
    const binding = catalogue.filter(({ bearing }) => bearing !== 'noted').map(({ id }) => id);
    assert.deepEqual(
      binding.filter((id) => !owned.has(id)),
      [],
    );
  });
  test('every case that a mutant names exists', () => {
    const ids = new Set(catalogue.map(({ id }) => id));
    const named = Object.values(all).flatMap(({ caughtBy, clouds = [] }) => [...caughtBy, ...clouds]);
    assert.deepEqual(
      named.filter((id) => !ids.has(id)),
      [],
    );
  });
  test('more than four cases on one mutant want a reason', () => {
    const silent = Object.entries(all).filter(([, { caughtBy, because }]) => caughtBy.length > 4 && !because);
    assert.deepEqual(silent, []);
  });
});
