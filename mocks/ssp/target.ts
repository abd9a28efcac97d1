/** A request target of the SSP, taken apart without normalising anything. */
export interface SspTarget {
  /** The provider's URL as it will be asked for: scheme, authority, path, query. */
  readonly url: string;
  /** `plain` as GP Connect writes it, `encoded` as the NRL does (the whole URL percent-encoded once). */
  readonly form: 'plain' | 'encoded';
}

/** What may stand in a request target on the wire (RFC 9112 §3.2): no white space, no control, ASCII alone. */
const SENDABLE = /^[\x21-\x7e]+$/;

/**
 * Reads `/https://provider/path` or `/https%3A%2F%2Fprovider%2Fpath` from a raw request target. No URL parser
 * touches it: `//`, `$`, `|` and letter case reach the provider as they came.
 * @param raw the request target as received, in origin-form or absolute-form (RFC 9112 §3.2.2)
 * @returns `undefined` where it holds no https URL that could be sent on
 */
export function readTarget(raw: string): SspTarget | undefined {
  const origin = raw.startsWith('/') ? raw : raw.replace(/^https?:\/\/[^/?#]+/i, '');
  const inner = origin.slice(1);
  if (inner.startsWith('https://')) {
    return SENDABLE.test(inner) ? { url: inner, form: 'plain' } : undefined;
  }
  if (!/^https%3a%2f%2f/i.test(inner)) return undefined;
  try {
    const url = decodeURIComponent(inner);
    // A line break that was hidden in an escape would end the request line.
    return SENDABLE.test(url) ? { url, form: 'encoded' } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a URL is this service root or stands below it, byte for byte. */
export const isBelow = (url: string, root: string): boolean =>
  url.startsWith(root) &&
  (url.length === root.length || root.endsWith('/') || '/?'.includes(url.charAt(root.length)));

/** Authority and request target of a URL, as written. */
export function split(url: string): { readonly authority: string; readonly path: string } {
  const [, authority = '', path = ''] = /^https:\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  return { authority, path: path.startsWith('/') ? path : `/${path}` };
}
