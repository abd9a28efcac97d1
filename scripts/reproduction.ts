import { createRedactor } from '../tests/drive/redact.ts';
import type { TlsVersion } from '../tests/model.ts';
import type { Planned } from '../tests/run/plan.ts';
import type { Prepared } from '../tests/run/prepared.ts';
import type { RunRecord } from '../tests/run/record.ts';
import { scriptOf, type Script } from '../tests/run/reproduction.ts';

/** The folder of scripts in that of a run. */
export const FOLDER = 'repro';

/**
 * A script for each failure of a record. None for an embedded provider or a container, which is gone by then, and none that would
 * hold what is redacted.
 */
export function scriptsOf(
  record: RunRecord,
  planned: readonly Planned[],
  { run, facts }: Prepared,
  version: TlsVersion,
): readonly Script[] {
  if (facts.file === undefined || facts.passing) return [];
  const setting = {
    run,
    version,
    ...(facts.pack && { pki: facts.pack.folder }),
    ...(facts.trust !== undefined && { trust: facts.trust }),
  };
  return record.findings
    .filter(({ outcome }) => outcome === 'fail')
    .flatMap((finding) => {
      // One finding over a list is shown by the plainest of it: a request with no token at all.
      const [first] = finding.beneath ?? [];
      const of = finding.beneath?.find((each) => each.case.split('@')[0] === 'token/absent') ?? first;
      const own = planned.find(({ id }) => id === (of ?? finding).case);
      const script = own && scriptOf(finding, own, setting);
      return script && createRedactor().redact(script.text) === script.text ? [script] : [];
    });
}
