import { spawn } from 'node:child_process';

/** Every mutant, variant and absentee against every case. */
const child = spawn(process.execPath, ['--test', 'tests/selftest/matrix.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, ASSAY_MATRIX: 'whole' },
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
