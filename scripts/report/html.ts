import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RunRecord } from '../../tests/run/record.ts';
import { recognise, type Recognised } from '../../tests/run/recognise.ts';
import { remedyFor } from '../../tests/run/remedies.ts';
import { evidenceOf } from './evidence.ts';
import { Markup, markup } from './markup.ts';
import {
  clausesOf,
  countsOf,
  deadWaivers,
  entriesOf,
  MARKS,
  ofShard,
  plural,
  changeOf,
  recognisedInWords,
  subjectName,
  waiverFault,
  WORDS,
  type ClauseView,
  type Entry,
} from './view.ts';

const asset = (name: string): string => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The id by which a case is linked to from outside: `report.html#client-certificate/expired`. */
const anchor = (entry: { readonly case: string }): string => entry.case;

/**
 * One page that needs nothing else: no network, no script but its own (its policy names both by their digests),
 * and without script still all of it.
 */
export function html(record: RunRecord): string {
  const style = asset('style.css');
  const script = asset('page.js');
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    `script-src ${hashOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const entries = entriesOf(record);
  const clauses = clausesOf(record, entries);
  const server = { ...recognise(record), ssp: record.subject.ssp };
  const page = markup`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${`${capital(record.verdict)} – ${subjectName(record)} – Assay`}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
${top(record, entries)}
<main>
${attention(entries, server)}
${toolbar(entries)}
<div id="findings" tabindex="-1">
${documents(record, clauses, server)}
${noted(entries, server)}
</div>
${beside(record)}
</main>
${footer(record)}
<script>${new Markup(script)}</script>
</body>
</html>
`;
  return page.text;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** An instant for people, in UTC. */
const instant = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

function duration({ started, finished }: RunRecord): string {
  const seconds = (Date.parse(finished) - Date.parse(started)) / 1000;
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
}

const VERDICT_SENTENCE: Readonly<Record<RunRecord['verdict'], string>> = {
  conformant: 'Every obligation that was examined is met.',
  'non-conformant': 'At least one obligation that binds is not met.',
  inconclusive: 'No failure that binds was seen, but not everything could be decided.',
};

function top(record: RunRecord, entries: readonly Entry[]): Markup {
  const counts = countsOf(entries);
  const shown = MARKS.filter((mark) => counts[mark] > 0);
  const wire = record.scope === 'wire';
  return markup`<header class="top verdict-${record.verdict}">
<div class="wrap">
<p class="brand">Assay <span>conformance report</span></p>
<h1>${capital(record.verdict)}${wire && markup` <small>on the wire</small>`}</h1>
<p class="lead">${VERDICT_SENTENCE[record.verdict]}${wire && record.pending.length > 0 && ` ${plural(record.pending.length, 'requirement')} ${record.pending.length === 1 ? 'waits' : 'wait'} for evidence or attestation, so nothing can be certified yet.`}</p>
${banners(record)}
<ul class="counts" aria-label="Findings by outcome">
${shown.map((mark) => markup`<li class="count ${mark}"><b>${counts[mark]}</b> ${WORDS[mark].toLowerCase()}</li>`)}
</ul>
<dl class="facts">
<div><dt>Subject</dt><dd>${subjectName(record)}${record.subject.standIn !== undefined && markup`<br><span class="quiet">${record.subject.url}</span>`}${record.subject.connect !== undefined && markup`<br><span class="quiet">dialled at ${record.subject.connect}</span>`}${record.subject.image !== undefined && markup`<br><span class="quiet">image ${record.subject.image}</span>`}</dd></div>
<div><dt>Profile</dt><dd>${record.profile}, <span class="whole">edition ${record.edition}</span></dd></div>
<div><dt>Run</dt><dd><time datetime="${record.started}">${instant(record.started)}</time>, ${duration(record)}</dd></div>
<div><dt>Tool</dt><dd>Assay ${record.tool.version}</dd></div>
</dl>
</div>
</header>`;
}

/** What a reader must not overlook. */
function banners(record: RunRecord): Markup {
  const { incomplete, selection, notExamined, shard } = record;
  const dead = deadWaivers(record);
  const applied = (record.waivers ?? []).filter(({ state }) => state === 'applied');
  const texts = [
    ...(record.subject.standIn !== undefined
      ? ['SPECIMEN: an embedded provider was judged; this certifies nothing.']
      : []),
    ...(incomplete
      ? [
          `Incomplete: ${incomplete.because}; ${incomplete.examined} of ${incomplete.planned} cases were examined. Nothing can be certified on this record.`,
        ]
      : []),
    ...(selection ? [`Only the cases that match ${selection.join(', ')} were examined.`] : []),
    ...(shard ? [ofShard(shard)] : []),
    ...(notExamined.length > 0 ? [`${plural(notExamined.length, 'case')} not examined by request.`] : []),
    ...(applied.length > 0 ? [`${plural(applied.length, 'failure')} waived; see Waivers.`] : []),
    ...dead.map((waiver) => `The waiver for ${waiver.case} ${waiverFault(waiver)}. The run fails for it.`),
  ];
  return markup`${texts.map((text) => markup`<p class="banner">${text}</p>`)}`;
}

/** The failures and what is open, before anything else. */
function attention(entries: readonly Entry[], server: Server): Markup {
  const wanted = entries
    .filter(({ mark }) => mark === 'fail' || mark === 'inconclusive')
    .sort((a, b) => MARKS.indexOf(a.mark) - MARKS.indexOf(b.mark));
  if (wanted.length === 0) return markup``;
  const change = changeOf(
    wanted.filter(({ mark }) => mark === 'fail'),
    server,
    server.ssp,
  );
  // Failures that one change mends stand together, and what is open for one reason.
  const key = (entry: Entry): string => (entry.mark === 'fail' ? change(entry) : entry.because);
  const groups = [...Map.groupBy(wanted, key).values()];
  return markup`<section class="attention" aria-labelledby="attention">
<h2 id="attention">What needs attention</h2>
<ol>
${groups.map(([first, ...others]) => first && markup`<li><a href="#${anchor(first)}"><span class="mark ${first.mark}">${WORDS[first.mark]}</span><span class="what">${capital(first.title)} <code>${first.case}</code></span></a><p>${brief(first.because)}</p>${others.length > 0 && also(others)}</li>`)}
</ol>
</section>`;
}

/** The whole stands at the finding. */
const brief = (text: string): string => (text.length > 300 ? `${text.slice(0, 299)}…` : text);

const also = (entries: readonly Entry[]): Markup =>
  markup`<details class="also"><summary>and ${entries.length} more ${entries[0]?.mark === 'fail' ? 'that the same change mends' : 'for the same reason'}</summary><ul>${entries.map((entry) => markup`<li><a href="#${anchor(entry)}">${capital(entry.title)} <code>${entry.case}</code></a></li>`)}</ul></details>`;

function toolbar(entries: readonly Entry[]): Markup {
  const counts = countsOf(entries);
  const shown = MARKS.filter((mark) => counts[mark] > 0);
  return markup`<div class="toolbar" role="search" aria-label="Findings" hidden>
<label class="search"><span>Search</span><input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="case, clause, text, trace id" aria-keyshortcuts="/"></label>
<div class="filters" role="group" aria-label="Show only">
<button type="button" data-filter="" aria-pressed="true">All ${entries.length}</button>
${shown.map((mark) => markup`<button type="button" data-filter="${mark}" aria-pressed="false"><span class="dot ${mark}"></span>${WORDS[mark]} ${counts[mark]}</button>`)}
</div>
<button type="button" id="toggle" class="plain">Open all</button>
<p id="shown" role="status"></p>
</div>`;
}

function documents(record: RunRecord, clauses: readonly ClauseView[], server: Server): Markup {
  const told = new Set<string>();
  return markup`${record.documents.map(({ id, title, source, edition, set, verdict, informs }) => {
    const own = clauses.filter(({ document }) => document === id);
    if (informs && own.length === 0) return '';
    return markup`<section class="document" aria-labelledby="document-${id}">
<h2 id="document-${id}">${title}</h2>
<p class="about"><span class="chip verdict-${verdict}">${capital(verdict)}</span> Edition ${edition} · set ${set.id} <code class="digest">${set.digest}</code><br>${source}${informs && '. It informs: it changes no verdict but its own.'}</p>
${own.map((clause) => clauseOf(clause, told, server))}
</section>`;
  })}`;
}

/** A clause with its findings; a finding that bears on several stands under the first and is linked from the rest. */
function clauseOf(clause: ClauseView, told: Set<string>, server: Server): Markup {
  const fresh = clause.entries.filter((entry) => entry.mark !== 'noted' && !told.has(entry.case));
  const elsewhere = clause.entries.filter((entry) => !fresh.includes(entry));
  for (const entry of fresh) told.add(entry.case);
  return markup`<section class="clause" data-clause data-state="${clause.state}">
<h3 id="${clause.id}"><span class="mark ${clause.state}">${WORDS[clause.state]}</span> <span class="id">${clause.id}</span></h3>
<p class="text"><span class="quiet">${clause.section}:</span> <b>${clause.keyword}</b> ${clause.text}</p>
${clause.because !== undefined && markup`<p class="text quiet">${clause.because}</p>`}
${fresh.map((entry) => findingOf(entry, server))}
${
  elsewhere.length > 0 &&
  markup`<p class="also">Also: ${elsewhere.map((entry, at) => markup`${at > 0 && ', '}<a href="#${anchor(entry)}">${entry.case}</a> (${WORDS[entry.mark].toLowerCase()})`)}</p>`
}
</section>`;
}

function findingOf(entry: Entry, server: Server): Markup {
  return markup`<details class="finding" id="${anchor(entry)}" data-mark="${entry.mark}">
<summary><span class="mark ${entry.mark}">${WORDS[entry.mark]}</span><span class="what">${capital(entry.title)} <code>${entry.case}</code></span></summary>
<div class="body">
<dl class="versus">
<div><dt>Expected</dt><dd>${entry.expected}</dd></div>
<div class="got ${entry.mark}"><dt>Got</dt><dd>${entry.because}</dd></div>
</dl>
${entry.mark === 'fail' || entry.mark === 'warning' || entry.mark === 'waived' ? remedy(entry, server) : ''}
${entry.waiver && markup`<p class="note">Waived until ${entry.waiver.expires} by ${entry.waiver.owner}: ${entry.waiver.reason} (${entry.waiver.risk})</p>`}
${
  entry.beneath &&
  markup`<details class="beneath"><summary>${plural(entry.beneath.length, 'failure')} beneath</summary>
<ul class="plainlist">${entry.beneath.map((each) => markup`<li><code>${each.case}</code> ${each.title}: ${each.because}</li>`)}</ul></details>`
}
${evidenceOf(entry)}
<p class="meta">${entry.level === 'noted' ? 'Binds nobody' : entry.level} · ${entry.requirements.map((id, at) => markup`${at > 0 && ', '}<a href="#${id}">${id}</a>`)} · driven ${entry.times === 1 ? 'once' : `${entry.times} times`}${entry.strength && ` · refused by ${entry.strength}`} · ${entry.ms} ms · <a class="permalink" href="#${anchor(entry)}">link to this finding</a></p>
</div>
</details>`;
}

/** What was recognised at the subject, and the name that it has to let in. */
type Server = Recognised & { readonly ssp: string | undefined };

/** What to change, in the words of the server that was recognised. */
function remedy(entry: Entry, recognised: Server): Markup {
  const { say, change } = remedyFor(entry, recognised.server, recognised.ssp);
  return markup`<div class="remedy"><p class="label">What to change <span class="quiet">(${recognisedInWords(recognised)})</span></p><p>${say}</p>${change !== undefined && markup`<pre tabindex="0" aria-label="Configuration">${change}</pre>`}</div>`;
}

function noted(entries: readonly Entry[], server: Server): Markup {
  const own = entries.filter(({ mark }) => mark === 'noted');
  if (own.length === 0) return markup``;
  return markup`<section class="document" aria-labelledby="noted"><h2 id="noted">Noted</h2>
<p class="about">What the documents leave open or do not name. It binds nobody and changes no verdict.</p>
<section class="clause" data-clause data-state="noted">${own.map((entry) => findingOf(entry, server))}</section></section>`;
}

/** What was not examined, and the waivers. */
function beside(record: RunRecord): Markup {
  const { notExamined, waivers = [] } = record;
  return markup`${
    notExamined.length > 0 &&
    markup`<section aria-labelledby="not-examined"><h2 id="not-examined">Not examined</h2>
<ul class="plainlist">${notExamined.map((each) => markup`<li><code>${each.case}</code> ${each.because}</li>`)}</ul></section>`
  }
${
  waivers.length > 0 &&
  markup`<section aria-labelledby="waivers"><h2 id="waivers">Waivers</h2>
<div class="scroll" role="group" aria-label="Table of waivers" tabindex="0"><table><thead><tr><th scope="col">Case</th><th scope="col">State</th><th scope="col">Until</th><th scope="col">Owner</th><th scope="col">Risk</th><th scope="col">Reason</th></tr></thead>
<tbody>${waivers.map((each) => markup`<tr><th scope="row"><code>${each.case}</code></th><td>${each.state}</td><td>${each.expires}</td><td>${each.owner}</td><td>${each.risk}</td><td>${each.reason}</td></tr>`)}</tbody></table></div></section>`
}`;
}

function footer(record: RunRecord): Markup {
  return markup`<footer><div class="wrap"><p>Made by Assay ${record.tool.version} from <code>record.json</code> and nothing else. Tokens, keys and NHS numbers were replaced by marks such as <code>‹token:1›</code> before anything was judged.</p>
<p class="keys">Keys: <kbd>/</kbd> search, <kbd>j</kbd> and <kbd>k</kbd> next and previous finding, <kbd>Enter</kbd> open or close, <kbd>Esc</kbd> clear.</p></div></footer>`;
}
