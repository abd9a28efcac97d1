import type { RunRecord } from '../../tests/run/record.ts';
import { markup } from './markup.ts';
import { headline } from './view.ts';

const COLOUR = { conformant: '#1c6b3c', 'non-conformant': '#a4161a', inconclusive: '#7a4b00' } as const;
/** Verdana at 11 px is about this wide a character; `textLength` makes up for the rest. */
const CHARACTER = 6.6;
const PAD = 8;

/** A badge (SVG) with profile, edition and verdict. */
export function badge(record: RunRecord): string {
  const label = `${record.profile} ${record.edition}`;
  const verdict = headline(record);
  const [left, right] = [label, verdict].map((text) => Math.round(text.length * CHARACTER) + 2 * PAD);
  const [a = 0, b = 0] = [left, right];
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" width="${a + b}" height="20" role="img" aria-label="${label}: ${verdict}">
<title>${label}: ${verdict}</title>
<clipPath id="r"><rect width="${a + b}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${a}" height="20" fill="#3a4654"/><rect x="${a}" width="${b}" height="20" fill="${COLOUR[record.verdict]}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><text x="${PAD}" y="14" textLength="${a - 2 * PAD}">${label}</text><text x="${a + PAD}" y="14" textLength="${b - 2 * PAD}">${verdict}</text></g>
</svg>`.text
  }\n`;
}
