import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIGNALS } from './interruption.ts';

/** A folder of this process alone, for keys. */
export interface PrivateFolder {
  readonly path: string;
  /** From here on a signal is somebody else's to meet, who then calls `wipe`. */
  readonly hand: () => void;
  readonly wipe: () => Promise<void>;
}

/**
 * Makes a private temporary folder (mode 0700). A signal wipes it and ends the process with `exitCode`, until `hand` or
 * `wipe` is called; an exit by any other way wipes it too.
 */
export function privateFolder(prefix: string, exitCode: number): PrivateFolder {
  const onSignal = (): void => process.exit(exitCode);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // In one turn of the loop: no signal is met between the two.
  const path = mkdtempSync(join(tmpdir(), prefix));
  const onExit = (): void => rmSync(path, { recursive: true, force: true });
  process.on('exit', onExit);
  const hand = (): void => {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
  return {
    path,
    hand,
    wipe: async () => {
      hand();
      await rm(path, { recursive: true, force: true });
      process.removeListener('exit', onExit);
    },
  };
}
