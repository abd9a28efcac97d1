import { createHash } from 'node:crypto';
import { contextOf, meets } from './claims.ts';
import type { User } from './users.ts';

/** The pages of the issuer: no script, one style, nothing from elsewhere. */

const STYLE = `
:root { color-scheme: light dark; --text: #212b32; --quiet: #4c6272; --page: #f0f4f5; --card: #fff; --line: #768692;
  --bar: #003087; --act: #005eb8; --focus: #ffeb3b; --warn: #8a2b00 }
@media (prefers-color-scheme: dark) { :root { --text: #f0f4f5; --quiet: #c3ccd3; --page: #14191d; --card: #212b32;
  --line: #768692; --bar: #002054; --act: #7cb8f2; --warn: #ffb37a } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text); font: 1.1rem/1.5 Arial, "DejaVu Sans", sans-serif }
header { background: var(--bar); color: #fff; padding: .75rem 1rem }
header p { max-width: 44rem; margin: 0 auto }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem }
.quiet { color: var(--quiet); overflow-wrap: anywhere }
ul { list-style: none; margin: 1.5rem 0 0; padding: 0; display: grid; gap: .75rem }
button { display: block; width: 100%; text-align: left; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-left: .4rem solid var(--act); border-radius: 4px; padding: .75rem 1rem;
  cursor: pointer; overflow-wrap: anywhere }
button:hover { border-color: var(--act); border-left-width: .4rem }
button:focus-visible { outline: 4px solid var(--focus); outline-offset: 0; box-shadow: inset 0 0 0 4px #212b32 }
button strong { display: block; color: var(--act) }
.warn { color: var(--warn); font-weight: bold }
@media (forced-colors: active) { button:focus-visible { outline-color: Highlight } }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const text = (value: string): string => value.replace(/[&<>"']/g, (each) => ESCAPES[each] ?? each);

/** A page with the headers that keep it harmless; a form of it may lead to `formTarget` beside the issuer itself. */
export function page(title: string, main: string, status = 200, formTarget = ''): Response {
  const html = `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)} – CIS2 test issuer</title>
<style>${STYLE}</style>
</head>
<body>
<header><p>CIS2 test issuer of Assay. Everybody here is fictional.</p></header>
<main>
<h1>${text(title)}</h1>
${main}
</main>
</body>
</html>
`;
  return new Response(html, {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self' ${formTarget}; frame-ancestors 'none'; base-uri 'none'`,
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    },
  });
}

/** Says why nothing goes on from here: no redirect can be trusted with it (RFC 6749 §4.1.2.1). */
export const errorPage = (what: string, status = 400): Response =>
  page('This sign-in cannot go on', `<p>${text(what)}</p>`, status);

/** The page to choose a user; it posts what it was asked with, and the choice. */
export function choosePage(
  action: string,
  asked: URLSearchParams,
  users: Iterable<User>,
  acr: readonly string[],
): Response {
  const hidden = [...asked]
    .filter(([name]) => name !== 'user')
    .map(([name, value]) => `<input type="hidden" name="${text(name)}" value="${text(value)}">`);
  const choices = [...users].map((user) => {
    const roles = user.roles.map(({ role_code, org_code }) => `${role_code} at ${org_code}`);
    const low = acr.length > 0 && !acr.some((each) => meets(user, each));
    return `<li><button name="user" value="${text(user.id)}"><strong>${text(user.name)}</strong>
Authentication assurance ${text(String(user.authentication_assurance_level))}, identity assurance ${text(String(user.id_assurance_level))}, ${text(contextOf(user).amr.join(', '))}<br>
<span class="quiet">${text(roles.join('; ') || 'no role')}</span>${
      low ? `<br>\n<span class="warn">Below the assurance that was asked for</span>` : ''
    }</button></li>`;
  });
  const client = asked.get('client_id') ?? '';
  const target = new URL(asked.get('redirect_uri') ?? action).origin;
  return page(
    'Choose who signs in',
    `<p class="quiet">${text(client)} asks for ${text(acr.join(' or ') || 'any assurance')}.</p>
<form method="post" action="${text(action)}">
${hidden.join('\n')}
<ul>
${choices.join('\n')}
</ul>
</form>`,
    200,
    target === 'null' ? '' : target,
  );
}
