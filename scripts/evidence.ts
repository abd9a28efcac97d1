import { evidenceIn, type RunRecord } from '../tests/run/record.ts';
import type { Keeper } from '../tests/drive/keep.ts';

/** The folder of evidence in that of a run; files in it are named by what is in them. */
export const EVIDENCE = 'evidence';

/** The files that a record refers to, each below `sha256/` by its digest. */
export function evidenceFiles(record: RunRecord, keeper: Keeper) {
  const wanted = evidenceIn(record);
  return [...keeper.files()]
    .filter(([digest]) => wanted.has(`sha256:${digest}`))
    .map(([digest, text]) => ({ name: `sha256/${digest}`, text }));
}
