/** Markup that may stand in a page as it is. Only `markup` makes it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text of anybody's as text of a page. Controls, and the invisible characters that turn the direction of a line
 * or hide in it, are made visible; line ends and tabs stay.
 */
export const escaped = (text: string): string =>
  text
    .replace(
      /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
      (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

type Value = Markup | string | number | false | undefined | readonly Value[];

function rendered(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return value.map(rendered).join('');
}

/** A template whose every value is escaped, unless it is markup itself. Attribute values have to stand in quotes. */
export const markup = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup =>
  new Markup(parts.map((part, at) => `${part}${at < values.length ? rendered(values[at]) : ''}`).join(''));
