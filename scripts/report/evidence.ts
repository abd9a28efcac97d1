import type { Observation } from '../../tests/model.ts';
import { describe } from '../../tests/oracle/response.ts';
import { markup, type Markup } from './markup.ts';
import type { Entry } from './view.ts';

/** The exchange behind an entry: what was seen of the stimulus, and of the control beside it. */
export function evidenceOf(entry: Entry): Markup {
  const { observation, control, trace, evidence = [] } = entry;
  return markup`<div class="evidence">
${seen('Answer to the stimulus', observation)}
${seen('Control: the valid exchange', control.exchange)}
${control.hello && seen('Control hello', control.hello)}
${trace.length > 0 && markup`<p class="trace"><span class="quiet">Trace ids, for the audit log of the subject:</span> ${trace.map((id) => markup`<code>${id}</code> `)}</p>`}
${evidence.length > 0 && markup`<p class="trace"><span class="quiet">Files of evidence in <code>evidence/</code>, the stimulus first:</span> ${evidence.map((digest) => markup`<code>${digest.replace(':', '/')}</code> `)}</p>`}
</div>`;
}

function seen(title: string, observation: Observation): Markup {
  return markup`<div class="seen"><p class="label">${title}</p><p>${describe(observation)}</p>${detail(observation)}</div>`;
}

function detail(observation: Observation): Markup {
  switch (observation.kind) {
    case 'response': {
      const { status, headers, body, bytes, handshake } = observation;
      const head = [`HTTP ${status}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n');
      const kept = body === '' && bytes > 0 ? `(${bytes} bytes, not kept)` : pretty(body);
      return markup`${handshake && markup`<p class="quiet">${handshake.version}, ${handshake.suite}${handshake.resumed && ', resumed'}${handshake.server !== undefined && markup`<br>the server's certificate: <code class="digest">${handshake.server}</code>`}</p>`}
<pre tabindex="0" aria-label="HTTP answer">${head}${kept !== '' && `\n\n${kept}`}</pre>`;
    }
    case 'suites':
      return markup`<p class="quiet">${{ server: "the server's order rules", client: "the client's order rules", single: 'one suite at most', untold: 'whose order rules was not told' }[observation.order]}</p>
<ol class="suites">${observation.accepted.map((name) => markup`<li><code>${name}</code></li>`)}</ol>`;
    case 'key-set':
      return markup`<ol>${observation.steps.map(({ what, want, seen: last, ms }) => markup`<li>${what}: wanted ${want}, after ${Math.round(ms)} ms ${describe(last)}</li>`)}</ol>`;
    case 'unsteady':
      return markup`<ol>${observation.seen.map((each) => markup`<li>${describe(each)}${detail(each)}</li>`)}</ol>`;
    default:
      return markup``;
  }
}

/** JSON indented, anything else as it came. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
