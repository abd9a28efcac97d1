import { createHierarchy, type Hierarchy } from '../../certs/index.ts';
import { olderReferenceAt, referenceAt } from '../../mocks/provider/data.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { createRedactor } from '../drive/redact.ts';
import { inEdition } from '../profiles/edition.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { plainPort } from '../drive/probe.ts';
import { baseline, runPlan, type Run } from '../run/engine.ts';
import type { Finding } from '../run/finding.ts';
import { everythingOn } from '../run/declared.ts';
import { plan, type Planned } from '../run/plan.ts';

/** One hierarchy for a whole test file: keys are what it costs. */
export const hierarchy: Promise<Hierarchy> = createHierarchy();

export const everything: readonly Planned[] = plan(gpconnect, everythingOn('2025-10'));

/** Every case once, on its representative interaction. */
export const representative = everything.filter(({ id, case: entry }) => id === entry.id);

/** A run against a provider on loopback, with little patience. */
export const runOf = (provider: Provider, pki: Hierarchy, patience = 2_000, shared = false): Run => {
  const url = new URL(provider.url);
  return {
    profile: gpconnect,
    subject: referenceAt(provider.url),
    target: {
      address: '127.0.0.1',
      port: provider.port,
      servername: url.hostname,
      host: url.host,
      basePath: url.pathname,
      trust: [pki.root],
      clients: pki.clients,
      shared,
      ...(provider.plain !== undefined && { plain: plainPort(provider.plain) }),
    },
    redactor: createRedactor(),
    bounds: { patience },
  };
};

/** The same against its part that speaks 0.7. */
const olderRunOf = (provider: Provider, pki: Hierarchy, patience?: number, shared = false): Run => {
  const run = runOf(provider, pki, patience, shared);
  const subject = olderReferenceAt(provider.url);
  const basePath = new URL(subject.url).pathname;
  return { ...run, profile: inEdition(gpconnect, '0.7'), subject, target: { ...run.target, basePath } };
};

/** Examines a plan on a provider, then stops the provider. */
export async function examined(
  provider: Provider,
  pki: Hierarchy,
  planned: readonly Planned[] = everything,
  shared = false,
  patience?: number,
  edition?: string,
): Promise<readonly Finding[]> {
  try {
    const run = (edition === '0.7' ? olderRunOf : runOf)(provider, pki, patience, shared);
    return await runPlan(run, planned, await baseline(run), 4);
  } finally {
    await provider.close();
  }
}

/** Every how many of the cases that nobody named a mutant meets outside `npm run matrix`. */
const ONE_IN = 36;

/** The cases that a mutant names, and a part of the rest, another for each mutant. */
export function drawn(
  planned: readonly Planned[],
  mutant: string,
  named: readonly string[],
): readonly Planned[] {
  const offset = [...mutant].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return planned.filter(({ id }, at) => named.includes(id) || (at + offset) % ONE_IN === 0);
}

/** `npm run matrix` asks for every case on every mutant. */
export const WHOLE_MATRIX = process.env['ASSAY_MATRIX'] === 'whole';

/**
 * Much of a row of a matrix is waiting for a close or a patience: several fill each other's time. In a whole one the
 * active cases, which wait for what may still come, are most of it.
 */
export const ROWS_AT_ONCE = WHOLE_MATRIX ? 8 : 4;

/** Ids of the findings with one outcome, noted ones left out. */
export const having = (findings: readonly Finding[], outcome: Finding['outcome']): readonly string[] =>
  findings
    .filter((finding) => finding.level !== 'noted' && finding.outcome === outcome)
    .map((finding) => finding.case);
