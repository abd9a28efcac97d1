import type { Change } from '../model.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7396 §2, MergePatch. Neither argument is changed. */
export function merge<T>(target: T, change: Change<T>): T {
  const merged: Record<string, unknown> = { ...(isObject(target) ? target : {}) };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete merged[name];
    else merged[name] = isObject(value) ? merge(merged[name] ?? {}, value) : value;
  }
  return merged as T;
}
