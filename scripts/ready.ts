import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isIPv6 } from 'node:net';
import { Option } from 'commander';
import { writeWhole } from '../tests/run/record.ts';

/** The one line that a service prints when it is up, as far as its health is concerned. */
export interface Ready {
  readonly url?: string;
  /** HOST:PORT at which it is dialled from here. */
  readonly connect?: string;
  readonly ssp?: { readonly connect: string };
  readonly cis2?: { readonly connect: string };
}

export const readyOption = (): Option =>
  new Option(
    '--ready <file>',
    'write the line that is printed when ready to a file as well, for `assay health`; only its owner can read it',
  ).env('ASSAY_READY');

/** Prints the line, and writes it where it was asked for. @returns what takes the file away again */
export async function announce(ready: object, file: string | undefined): Promise<() => Promise<void>> {
  const line = `${JSON.stringify(ready)}\n`;
  // It holds the tokens of the management ports.
  if (file !== undefined)
    await writeWhole(dirname(file), [{ name: basename(file), text: line, mode: 0o600 }]);
  process.stdout.write(line);
  return async () => {
    if (file !== undefined) await rm(file, { force: true });
  };
}

/** Where a listener of an address is dialled from this machine. */
export function dialled(listen: string | undefined, port: number): string {
  const host = listen === undefined || listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen;
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
