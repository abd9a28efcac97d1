import { closeSync, openSync, writeSync } from 'node:fs';
import { ConfigurationError } from '../certs/configuration-error.ts';
import type { Finding } from '../tests/run/finding.ts';
import type { RunVerdict } from '../tests/run/record.ts';
import type { Stopped } from '../tests/run/vigil.ts';

/** What a tool that follows a run is told, one JSON object a line (`tests/run/events.schema.json`). */
export type RunEvent =
  | {
      readonly event: 'start';
      readonly version: string;
      readonly profile: string;
      readonly edition: string;
      readonly url: string;
      readonly planned: number;
    }
  | { readonly event: 'baseline'; readonly accepted: boolean; readonly seen: string }
  | {
      readonly event: 'finding';
      readonly case: string;
      readonly outcome: Finding['outcome'] | 'noted';
      readonly because: string;
      readonly ms: number;
      readonly done: number;
      readonly planned: number;
    }
  | ({ readonly event: 'stopped' } & Stopped)
  | {
      readonly event: 'end';
      readonly verdict: RunVerdict;
      readonly exitCode: number;
      readonly incomplete: boolean;
    };

/** What a tool that follows a sweep is told, in the same form. */
export type SweepEvent =
  | { readonly event: 'sweep-start'; readonly version: string; readonly endpoints: number }
  | { readonly event: 'endpoint-start'; readonly endpoint: string }
  | {
      readonly event: 'endpoint-end';
      readonly endpoint: string;
      readonly verdict: RunVerdict | 'none';
      readonly exitCode: number;
      readonly because?: string;
      readonly ms: number;
      readonly done: number;
      readonly endpoints: number;
    }
  | { readonly event: 'sweep-end'; readonly exitCode: number };

export interface EventStream {
  readonly emit: (event: RunEvent | SweepEvent) => void;
  readonly close: () => void;
}

/**
 * Opens the stream of events: a file, `-` for standard output, or nothing. A line leaves in one write, so that a
 * process that is killed leaves whole lines only.
 * @throws ConfigurationError at `--events` where the file cannot be written
 */
export function openEvents(file: string | undefined): EventStream {
  if (file === undefined) return { emit: () => {}, close: () => {} };
  let descriptor: number;
  try {
    descriptor = file === '-' ? 1 : openSync(file, 'w', 0o644);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError('--events', `${file} cannot be written (${code ?? 'unknown'})`);
  }
  return {
    emit: (event) => {
      try {
        writeSync(descriptor, `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
      } catch (error) {
        // A reader that has seen enough does not end the run.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      }
    },
    close: () => {
      if (descriptor !== 1) closeSync(descriptor);
    },
  };
}
