import manifest from '../package.json' with { type: 'json' };
import type { RunVerdict } from '../tests/run/record.ts';

/** Exit codes of the program. */
export const EXIT = { conformant: 0, nonConformant: 1, inconclusive: 2, ours: 3, usage: 4 } as const;

const BY_VERDICT: Readonly<Record<RunVerdict, number>> = {
  conformant: EXIT.conformant,
  'non-conformant': EXIT.nonConformant,
  inconclusive: EXIT.inconclusive,
};
export const exitOf = (verdict: RunVerdict): number => BY_VERDICT[verdict];

/** The version of this tool, as every record names it. */
export const version: string = manifest.version;

/** How whoever sees our output has called us: through this tree's scripts, or installed. */
export const called = ['assay', 'conform'].includes(process.env['npm_lifecycle_event'] ?? '')
  ? 'npm run assay --'
  : 'assay';
