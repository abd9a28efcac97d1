import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { ftrsRevocationMutants } from '../mocks/provider/ftrs/certificate-mutants.ts';
import { ftrsKeyMutants, ftrsMutants } from '../mocks/provider/ftrs/mutants.ts';
import { everywhereMutants } from '../mocks/provider/everywhere-mutants.ts';
import { htmlMutants } from '../mocks/provider/html-mutants.ts';
import { mutants } from '../mocks/provider/mutants.ts';
import { editionMutants } from '../mocks/provider/outcome-mutants.ts';
import { kinds, kindsFor } from '../tests/evidence/index.ts';
import { requestMutants } from '../mocks/provider/request-mutants.ts';
import { retrievalMutants } from '../mocks/provider/retrieval-mutants.ts';
import { revocationMutants } from '../mocks/provider/revocation-mutants.ts';
import { acceptance } from './acceptance.ts';
import type { Profile } from '../tests/model.ts';
import { everythingOn } from '../tests/run/declared.ts';
import { fieldOf, plan } from '../tests/run/plan.ts';
import { setOf } from '../tests/run/held-to.ts';
import { scope } from '../tests/run/scope.ts';
import { profileNamed } from '../tests/run/prepared.ts';

interface ListOptions {
  readonly profile: string;
  readonly edition?: string;
  readonly json?: boolean;
  readonly acceptance?: string;
}

/** @throws ConfigurationError on `--edition` where the profile has no such edition */
function editionOf(profile: Profile, chosen: string | undefined): string {
  const edition = chosen ?? profile.editions[0];
  if (!profile.editions.includes(edition)) {
    throw new ConfigurationError(
      '--edition',
      `${profile.title} has the editions ${profile.editions.join(', ')}`,
    );
  }
  return edition;
}

/** Everything that a subject of a profile is held to, and how each part is decided. */
function catalogueOf(name: string, chosen?: string) {
  const profile = profileNamed(name, '--profile');
  const edition = editionOf(profile, chosen);
  const planned = plan(profile, { ...everythingOn(edition), revocation: 'any' });
  const entries = Object.entries<{ readonly title: string; readonly caughtBy: readonly string[] }>(
    profile.id === 'ftrs'
      ? { ...ftrsMutants, ...ftrsKeyMutants, ...ftrsRevocationMutants }
      : {
          ...mutants,
          ...everywhereMutants,
          ...editionMutants,
          ...htmlMutants,
          ...requestMutants,
          ...retrievalMutants,
          ...revocationMutants,
        },
  );
  return {
    profile: profile.id,
    set: setOf(profile, edition),
    requirements: scope(profile, edition).map((clause) => ({
      id: clause.id,
      document: clause.document,
      edition,
      section: clause.section,
      keyword: clause.keyword,
      text: clause.text,
      decidedBy: clause.decidedBy ?? 'cases',
      because: [clause.because, ...kindsFor(clause.id).map(({ id }) => `evidence: ${id}`)]
        .filter((each) => each !== undefined)
        .join('; '),
      cases: planned
        .filter(({ clauses }) => clauses.some(({ id }) => id === clause.id))
        .map((each) => each.id),
    })),
    cases: planned.map(({ id, case: entry, level, clauses, interaction }) => ({
      id,
      title: entry.title,
      level,
      requirements: clauses.map(({ id }) => id),
      mutants: entries.filter(([, { caughtBy }]) => caughtBy.includes(entry.id)).map(([id]) => id),
      needs: [
        ...(entry.onlyIf ? [entry.onlyIf === 'enforcesScope' ? 'options.enforcesScope' : entry.onlyIf] : []),
        ...(entry.declares ? [entry.declares] : []),
        ...(entry.stimulus.probe === 'latency' ? ['options.addedLatency'] : []),
        ...(entry.learns && entry.learns !== 'file' ? [`revocation=${entry.learns}`, 'callback', 'pki'] : []),
        ...(entry.consent ?? []).map((each) => `consent.${each}`),
        ...(interaction?.needs ?? []).map(fieldOf),
      ],
    })),
    mutants: entries.map(([id, { title, caughtBy }]) => ({ id, title, caughtBy })),
  };
}

/** The kinds of evidence that the requirements wait for. */
const evidenceFor = (requirements: readonly { readonly id: string }[]) =>
  kinds.filter((kind) => requirements.some(({ id }) => kind.requirements.includes(id)));

/** `assay list`: requirements, cases and mutants of a profile. */
export function listCommand(): Command {
  return new Command('list')
    .option('--profile <name>', 'profile', 'gpconnect')
    .option('--edition <name>', 'edition of its security page (default: the newest)')
    .option('--json', 'one JSON object on stdout')
    .option('--acceptance <requirement>', 'its acceptance criteria as Gherkin: Given, When, Then')
    .addHelpText('after', '\nExample:\n  assay list --json | jq .requirements')
    .action(({ profile, edition, json, acceptance: wanted }: ListOptions) => {
      if (wanted !== undefined) {
        const held = profileNamed(profile, '--profile');
        const chosen = editionOf(held, edition);
        process.stdout.write(acceptance(held, chosen, wanted));
        return;
      }
      const catalogue = catalogueOf(profile, edition);
      process.stdout.write(json ? `${JSON.stringify(catalogue, null, 2)}\n` : asText(catalogue));
    });
}

function asText({
  profile,
  set,
  requirements,
  cases,
  mutants: known,
}: ReturnType<typeof catalogueOf>): string {
  const lines = [`${profile}, set ${set.id} (${set.digest.slice(0, 19)}…)`, '', 'Requirements'];
  for (const { id, keyword, text, decidedBy, because, cases: own } of requirements) {
    lines.push(
      `  ${id}: ${keyword} ${text}`,
      `    ${decidedBy === 'cases' ? [own.join(', '), ...(because ? [`(${because})`] : [])].join(' ') : `${decidedBy}: ${because}`}`,
    );
  }
  const widest = Math.max(...cases.map(({ id }) => id.length));
  lines.push('', 'Cases');
  for (const { id, title, level } of cases)
    lines.push(`  ${id.padEnd(widest)}  ${level.padEnd(9)}  ${title}`);
  const evidence = evidenceFor(requirements);
  if (evidence.length > 0) lines.push('', 'Evidence (evidence.files in the subject file)');
  for (const { id, title, made, threshold } of evidence)
    lines.push(`  ${id}: ${title}`, `    made by ${made}`, `    held to ${threshold}`);
  const longest = Math.max(...known.map(({ id }) => id.length));
  lines.push('', 'Mutants (assay run --mock NAME)');
  for (const { id, title } of known) lines.push(`  ${id.padEnd(longest)}  ${title}`);
  return `${lines.join('\n')}\n`;
}
