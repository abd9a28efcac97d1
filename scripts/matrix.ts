import { spawn } from 'node:child_process';

/** Every mutant, variant and absentee against every case; those that a retrieval meets, in its profile too. */
const MATRICES = ['tests/selftest/matrix.test.ts', 'tests/selftest/retrieval.test.ts'];
const child = spawn(process.execPath, ['--test', ...MATRICES], {
  stdio: 'inherit',
  env: { ...process.env, ASSAY_MATRIX: 'whole' },
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
