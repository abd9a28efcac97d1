import { createHmac, randomBytes } from 'node:crypto';

/** The kinds of text that never reach a file. */
export type SecretKind = 'token' | 'key' | 'nhs-number';

/** A secret of one exchange, known to whoever drives it. */
export interface Secret {
  readonly kind: SecretKind;
  readonly value: string;
}

/**
 * Replaces secrets by marks such as `‹token:1›`. One redactor serves one run: the same value gets the same mark,
 * so that a reader sees that two values are the same without seeing them.
 */
export interface Redactor {
  readonly redact: (text: string, secrets?: readonly Secret[]) => string;
  /** Mark by mark, HMAC-SHA-256 of the value under the run's salt, in hex. Kept by the owner, apart from the record. */
  readonly disclosure: () => { readonly salt: string; readonly digests: Readonly<Record<string, string>> };
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** Three base64url parts as of a JWT (RFC 7519 §3), the last one possibly empty. */
const JWT = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
/** Ten digits, in groups or not; part of a longer number, of an object identifier or of a fraction they are none. */
const TEN_DIGITS =
  /(?:(?<=%[0-9a-f]{2})|(?<!\d|\d\.|%|%[0-9a-f]))\d{3}(?:[ \-\u00a0\u2009+]|%20)?\d{3}(?:[ \-\u00a0\u2009+]|%20)?\d{4}(?!\d|\.\d)/gi;

/** NHS number check digit (modulus 11): what ten digits must satisfy to be one. */
export function isNhsNumber(digits: string): boolean {
  const numbers = [...digits.replace(/%20|\D/g, '')].map(Number);
  if (numbers.length !== 10) return false;
  const sum = numbers.slice(0, 9).reduce((total, digit, at) => total + digit * (10 - at), 0);
  const check = 11 - (sum % 11);
  return check !== 10 && (check === 11 ? 0 : check) === numbers[9];
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What is the same everywhere: a JWT above all, which is looked for in whatever goes out and comes back. */
const PLAIN = /^[\w.~+/=-]*$/;
/** A text as it stands in JSON and in XML as well: a secret with a quote in it is written otherwise there. */
const written = (text: string): readonly string[] =>
  PLAIN.test(text)
    ? [text]
    : [
        ...new Set([
          text,
          JSON.stringify(text).slice(1, -1),
          text.replace(/[&<>"]/g, (each) => ENTITIES[each] ?? each),
          text.replace(/[&<"]/g, (each) => ENTITIES[each] ?? each),
        ]),
      ];

export function createRedactor(salt = randomBytes(32)): Redactor {
  const marks = new Map<string, string>();
  const counts = new Map<SecretKind, number>();
  const mark = (kind: SecretKind, value: string): string => {
    const known = marks.get(`${kind} ${value}`);
    if (known) return known;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const made = `‹${kind}:${count}›`;
    marks.set(`${kind} ${value}`, made);
    return made;
  };
  return {
    redact: (text, secrets = []) => {
      let clean = text;
      for (const { kind, value } of secrets) {
        // A part of a token gives it away as well as the whole: header and payload are looked for on their own.
        const parts = kind === 'token' ? value.split('.').filter((part) => part.length > 24) : [];
        for (const sought of [value, ...parts].flatMap(written)) {
          if (sought !== '' && clean.includes(sought)) clean = clean.replaceAll(sought, mark(kind, value));
        }
      }
      return clean
        .replace(PRIVATE_KEY, (key) => mark('key', key))
        .replace(JWT, (token) => mark('token', token))
        .replace(TEN_DIGITS, (digits) =>
          isNhsNumber(digits) ? mark('nhs-number', digits.replace(/\D/g, '')) : digits,
        );
    },
    disclosure: () => ({
      salt: salt.toString('hex'),
      digests: Object.fromEntries(
        [...marks].map(([key, name]) => [
          name,
          createHmac('sha256', salt)
            .update(key.slice(key.indexOf(' ') + 1))
            .digest('hex'),
        ]),
      ),
    }),
  };
}
