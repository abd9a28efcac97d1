import { encodeQR } from 'qr';
import type { Predicate, Statement } from '../../tests/certify/statement.ts';
import { Markup, markup } from './markup.ts';

/** Records and waivers that one page has room for; the bundle has all of them. */
const MOST = { records: 6, waived: 6 } as const;

/** What a certificate says beside its statement. */
export interface Printed {
  /** SHA-256 of the bundle, `sha256:…`. */
  readonly digest: string;
  /** The key that signed it; absent: nobody looked whether it is one that is trusted. */
  readonly key?: string;
}

const STYLE = `
@page { size: A4; margin: 0 }
* { box-sizing: border-box }
body { margin: 0; padding: 16mm 18mm; width: 210mm; font: 10.5pt/1.45 "DejaVu Sans", Arial, sans-serif; color: #14202b; background: #fff }
h1 { font-size: 22pt; line-height: 1.15; margin: 0 0 1mm }
h2 { font-size: 11pt; margin: 7mm 0 2mm; border-bottom: .4mm solid #14202b; padding-bottom: 1mm }
p { margin: 0 0 2mm }
.kind { letter-spacing: .08em; text-transform: uppercase; font-size: 9pt; margin-bottom: 8mm }
.record { margin-bottom: 3mm; break-inside: avoid }
.verdict { font-weight: bold }
.url, code { font-family: "DejaVu Sans Mono", monospace; font-size: 9pt; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: 42mm 1fr; gap: 1mm 4mm; margin: 0 }
dt { color: #45525e } dd { margin: 0; overflow-wrap: anywhere }
.check { display: flex; gap: 8mm; align-items: flex-start; margin-top: 8mm; border-top: .4mm solid #14202b; padding-top: 5mm }
.check svg { width: 42mm; height: 42mm; flex: none; position: relative; z-index: 1; background: #fff }
.across { position: fixed; top: 128mm; left: 0; width: 210mm; text-align: center; transform: rotate(-35deg); font-size: 84pt; font-weight: bold; letter-spacing: .06em; color: #b00020; opacity: .28; pointer-events: none }
`;

const day = (instant: string): string => instant.slice(0, 10);

const more = (all: readonly unknown[], most: number, what: string): Markup =>
  all.length > most
    ? markup`<p>and ${all.length - most} more ${what}; the bundle has all of them</p>`
    : markup``;

const recordIn = ({
  verdict,
  subject,
  profile,
  edition,
  started,
  attempts,
  sets,
}: Predicate['certified'][number]): Markup => markup`<div class="record">
<p><span class="verdict">${verdict}</span> · ${profile}, edition ${edition} · examined on ${day(started)}</p>
<p class="url">${subject}</p>
<p>Held to ${sets.map(({ id }) => id).join(', ')}. Attempts in its ledger: ${attempts.begun}${attempts.unfinished > 0 && `, of which ${attempts.unfinished} never ended`}.</p>
</div>`;

/** One page, A4, from the signed statement of a bundle alone. It loads nothing. */
export function certificate({ predicate }: Statement, { digest, key }: Printed): string {
  const { certified, specimen, ranBy, assurance, issued, until, tool } = predicate;
  const across = specimen ? 'SPECIMEN' : key === undefined ? 'UNVERIFIED' : undefined;
  const waived = certified.flatMap((each) => each.waived ?? []);
  const challenged = [...new Set(certified.flatMap(({ challengedBy = [] }) => challengedBy))];
  // The library draws squares and nothing else.
  const code = new Markup(encodeQR(digest, 'svg', { ecc: 'medium', border: 1 }));
  return markup`<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${`Certificate of conformance – ${certified[0]?.subject ?? ''}`}</title><style>${new Markup(STYLE)}</style></head><body>
${across !== undefined && markup`<div class="across">${across}</div>`}
<h1>Certificate of conformance</h1>
<p class="kind">Assay · conformance behind the NHS Spine</p>
${specimen && markup`<p><strong>SPECIMEN: an embedded provider was judged; this certifies nothing.</strong></p>`}
${key === undefined && markup`<p><strong>The bundle was not verified against a trusted key; print it with --trust.</strong></p>`}
<h2>What was judged</h2>
${certified.slice(0, MOST.records).map(recordIn)}
${more(certified, MOST.records, 'records')}
${
  waived.length > 0 &&
  markup`<h2>Failures that somebody answers for</h2>
${waived
  .slice(0, MOST.waived)
  .map(({ case: id, risk, expires }) => markup`<p>${id}: ${risk}, until ${expires}</p>`)}
${more(waived, MOST.waived, 'waivers')}`
}
<h2>Who says so</h2>
<dl>
<dt>Run by</dt><dd>${ranBy}</dd>
<dt>Assurance</dt><dd>${assurance}${challenged.length > 0 && `; met the challenge of the key ${challenged.join(', ')}`}</dd>
<dt>Issued</dt><dd>${day(issued)}, valid until ${day(until)}</dd>
<dt>Signed by the key</dt><dd><code>${key ?? 'not looked at'}</code></dd>
<dt>Tool</dt><dd>Assay ${tool.version}</dd>
</dl>
<div class="check">${code}<div>
<p>This page is a copy; the signed bundle is the certificate. Its SHA-256, as the code beside says it too:</p>
<p><code>${digest}</code></p>
<p>Whoever holds the bundle and the public key checks both, without a network:</p>
<p><code>sha256sum bundle.zip</code><br><code>assay verify bundle.zip --trust trust.json</code></p>
</div></div>
</body></html>
`.text;
}
