import { ConfigurationError } from '../certs/configuration-error.ts';
import { kindsFor } from '../tests/evidence/index.ts';
import { expectationInWords } from '../tests/oracle/expected.ts';
import type { Profile } from '../tests/model.ts';
import { everythingOn } from '../tests/run/declared.ts';
import { plan, type Planned } from '../tests/run/plan.ts';
import { scope } from '../tests/run/scope.ts';

/** Steps of a scenario in Gherkin, without their indentation. */
interface Scenario {
  readonly name: string;
  readonly steps: readonly string[];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function ofCase(profile: Profile, { case: entry, level }: Planned, all: readonly Planned[]): Scenario {
  const also = all.slice(1).flatMap(({ interaction }) => (interaction ? [interaction.name] : []));
  const steered = entry.via === 'key-set';
  const looks = entry.expect.kind === 'server-certificate';
  return {
    name: `${entry.id}: ${entry.title}${level === 'noted' ? ' (noted: binds nobody)' : ''}`,
    steps: [
      looks
        ? 'Given a subject that shows its certificate in a TLS handshake'
        : `Given a subject that accepts the valid exchange of the profile ${profile.id}`,
      ...(steered ? ['And the issuer that it trusts, which can be steered'] : []),
      steered
        ? `When its key set is changed: ${entry.title}`
        : looks
          ? 'When that certificate is read, without being verified first'
          : Object.keys(entry.stimulus).length === 0
            ? 'When the same exchange is looked at'
            : `When the same exchange is made, different in one thing: ${entry.title}`,
      `Then ${expectationInWords(entry.expect).replaceAll('\n', ' ')}`,
      'And the valid exchange, made just after, is accepted again',
      ...(also.length > 0 ? [`And likewise on ${also.join(', ')}`] : []),
    ],
  };
}

/**
 * The acceptance criteria of one requirement as Gherkin, from the cases, evidence and attestations that decide it.
 * @throws ConfigurationError where the profile has no such requirement
 */
export function acceptance(profile: Profile, edition: string, requirement: string): string {
  const clauses = scope(profile, edition);
  const clause = clauses.find(({ id }) => id === requirement);
  if (!clause)
    throw new ConfigurationError(
      '--acceptance',
      `${profile.title} has no requirement ${JSON.stringify(requirement)}; \`assay list --profile ${profile.id}\` names them`,
    );
  const planned = plan(profile, { ...everythingOn(edition), revocation: 'any' }).filter((each) =>
    each.clauses.some(({ id }) => id === requirement),
  );
  const scenarios: Scenario[] = [
    ...[...Map.groupBy(planned, (each) => each.case.id).values()].flatMap((own) =>
      own.slice(0, 1).map((first) => ofCase(profile, first, own)),
    ),
    ...kindsFor(requirement).map((kind): Scenario => ({
      name: `evidence/${kind.id}: ${kind.title}`,
      steps: [
        `Given an export of today's system, made by ${kind.made}`,
        `When it is named under evidence.files.${kind.id} in the subject file`,
        `Then it is held to ${kind.threshold}`,
        'And stale, truncated, empty or of another account it shows nothing',
      ],
    })),
    ...(clause.decidedBy === 'attestation' || clause.attestable
      ? [
          {
            name: `attestation/${requirement.toLowerCase()}: by somebody by name`,
            steps: [
              'Given an attestation that says who, in which role, what, when and until',
              'When it is named under evidence.attestations in the subject file',
              'Then it has not ended',
            ],
          } satisfies Scenario,
        ]
      : []),
  ];
  const background = clause.because === undefined ? [] : [`  ${capital(clause.because)}.`];
  return [
    `Feature: ${requirement}`,
    `  ${clause.section}: ${clause.keyword} ${clause.text}.`,
    ...background,
    ...scenarios.flatMap(({ name, steps }) => [
      '',
      `  Scenario: ${name}`,
      ...steps.map((step) => `    ${step}`),
    ]),
    '',
  ].join('\n');
}
