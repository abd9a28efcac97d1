import { spawn } from 'node:child_process';

/** Every mutant, variant and absentee against every case; those of the NRL and of 0.7 in their own. */
const MATRICES = ['matrix', 'retrieval', 'editions'].map((name) => `tests/selftest/${name}.test.ts`);
const child = spawn(process.execPath, ['--test', ...MATRICES], {
  stdio: 'inherit',
  env: { ...process.env, ASSAY_MATRIX: 'whole' },
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
