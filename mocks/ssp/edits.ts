/**
 * Named edits of the wire form, for what a merge patch on the valid exchange cannot say: the same field twice, a
 * member that is `null`, a token without its last dot. Plain data; each is one change.
 */

/** Stands in a template for what the valid exchange says there. */
const VALUE = '{value}';
/** Stands in a template of JSON for what is between the quotes of a string there. */
const INNER = '{inner}';
const filled = (template: string, value: string): string =>
  template.replaceAll(VALUE, value).replaceAll(INNER, value.replace(/^"|"$/g, ''));

/** Field lines that go out in place of one header field, in order. `{value}` is the valid exchange's value. */
export interface HeaderEdit {
  /** The field as the valid exchange spells it; `Authorization` for the bearer token. */
  readonly name: string;
  readonly lines: readonly (readonly [name: string, value: string])[];
}

/** JSON members that go out in place of one claim, in order. `{value}` is the valid claim in JSON. None: the claim is left out. */
export interface ClaimsEdit {
  readonly name: string;
  readonly members: readonly (readonly [name: string, json: string])[];
}

/** Edits of the serialised token and of where it stands. */
export type TokenEdit =
  /** The token as raw JSON where base64url is due (RFC 7515 §3.1). */
  | 'not-base64url'
  /** Without the dot that closes an unsecured JWT (RFC 7519 §6). */
  | 'dot-dropped'
  /** Both parts padded with `=` (RFC 7515 §2 has no padding). */
  | 'padded'
  /** The alphabet of plain base64, `+` and `/` (RFC 4648 §4). */
  | 'plain-base64'
  /** The second half of the claims cut off. */
  | 'cut'
  /** A signature where none is due. */
  | 'with-signature'
  /** The scheme in lower case: `bearer` (RFC 9110 §11.1: case-insensitive). */
  | 'scheme-lower-case'
  /** Without a scheme, the token alone. */
  | 'scheme-absent'
  /** Behind the scheme `Basic` (RFC 7617), which carries something else. */
  | 'scheme-basic'
  /** As the query parameter `access_token` (RFC 6750 §2.3), with no Authorization field. */
  | 'in-query';

/** Edits of how the body is sent. */
export type BodyEdit =
  /** Its second half cut off, the length that of the rest: no JSON any more. */
  | 'cut'
  /** In two chunks (RFC 9112 §7.1). */
  | 'chunked'
  /** Compressed (RFC 9110 §8.4.1.3). */
  | 'gzip';

/** At most one member stands in a stimulus. */
export interface RawEdits {
  readonly headers?: HeaderEdit;
  readonly claims?: ClaimsEdit;
  readonly token?: TokenEdit;
  readonly body?: BodyEdit;
}

/**
 * The field lines with the edit made.
 * @throws RangeError when there is no field of that name: the edit would change nothing
 */
export function editHeaders(
  fields: readonly (readonly [string, string])[],
  edit: HeaderEdit | undefined,
): readonly (readonly [string, string])[] {
  if (!edit) return fields;
  if (!fields.some(([name]) => name === edit.name)) throw new RangeError(`no header ${edit.name} to edit`);
  return fields.flatMap(([name, value]) =>
    name === edit.name
      ? edit.lines.map(([as, template]) => [as, filled(template, value)] as const)
      : [[name, value] as const],
  );
}

/**
 * The claims as JSON text with the edit made.
 * @throws RangeError when there is no claim of that name
 */
export function claimsText(claims: Readonly<Record<string, unknown>>, edit: ClaimsEdit | undefined): string {
  if (!edit) return JSON.stringify(claims);
  if (!(edit.name in claims)) throw new RangeError(`no claim ${edit.name} to edit`);
  const members = Object.entries(claims).flatMap(([name, value]) =>
    name === edit.name
      ? edit.members.map(([as, json]) => [as, filled(json, JSON.stringify(value))] as const)
      : [[name, JSON.stringify(value)] as const],
  );
  return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}
