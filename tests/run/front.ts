import { delimiter } from 'node:path';
import { policyOf } from '../../mocks/provider/stand-in.ts';
import type { Profile } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import { ftrsPolicyOf } from './ftrs.ts';
import { nothingShown, showEvidence, type Shown } from './exhibits.ts';
import { changedSince } from './reached.ts';
import { everythingOn, type Declared } from './declared.ts';
import { plan, type Planned } from './plan.ts';
import { checkStandIn, prepareStandIn, standInsOf } from './prepare-stand-in.ts';
import { declaredOf } from './declare.ts';
import { prepareSubject, profileOf } from './prepare-subject.ts';
import { profileNamed, type Prepared } from './prepared.ts';
import type { RunRecord } from './record.ts';
import { readSubject } from './subject.ts';

/**
 * Environment of the Playwright suite: `ASSAY_SUBJECT` is a path or `mock:NAME`, `ASSAY_ALLOW_PATH` a path list,
 * `ASSAY_ENV` names environment variables with a comma between them, `ASSAY_CREDENTIALS` is a path.
 */
type Environment = NodeJS.ProcessEnv;

/** What the name of a project ends with whose cases want the subject to themselves. */
export const ALONE = '-alone';

const subjectOf = (env: Environment): string => env['ASSAY_SUBJECT'] ?? 'mock:conformant';
const standInOf = (env: Environment): string | undefined => /^mock:(.*)$/.exec(subjectOf(env))?.[1];
const allowed = (env: Environment): readonly string[] =>
  (env['ASSAY_ALLOW_PATH'] ?? '').split(delimiter).filter((each) => each !== '');

/** Starts or opens the subject of the suite. */
export function prepareFromEnvironment(profile: string, env: Environment = process.env): Promise<Prepared> {
  const name = standInOf(env);
  return name === undefined
    ? prepareSubject(subjectOf(env), {
        allowPath: allowed(env),
        env: (env['ASSAY_ENV'] ?? '').split(','),
        credentials: env['ASSAY_CREDENTIALS'],
        environment: env,
      })
    : prepareStandIn(name, profileNamed(profile, 'ASSAY_SUBJECT'));
}

/** What the suite has to know of its subject before any test is defined; nothing is started or sent. */
export interface Front {
  readonly declared: Declared;
  readonly subject: RunRecord['subject'];
  readonly notExamined: RunRecord['notExamined'];
  readonly shown: Shown;
  /** The cases that become tests; none where the subject, or the stand-in, is of another profile. */
  readonly planned: readonly Planned[];
}

export async function frontOf(own: Profile, env: Environment = process.env): Promise<Front> {
  const [newest] = own.editions;
  const name = standInOf(env);
  if (name !== undefined) {
    checkStandIn(name, 'ASSAY_SUBJECT');
    const knows = standInsOf(own.id).includes(name);
    const policy = own.id === 'ftrs' ? ftrsPolicyOf(name) : policyOf(name);
    const revocation = policy?.revocation.source ?? 'file';
    const declared = { ...everythingOn(newest), revocation };
    return {
      declared,
      subject: { url: `mock:${name}`, standIn: name },
      notExamined: [],
      shown: nothingShown,
      planned: knows ? plan(own, declared) : [],
    };
  }
  const subject = await readSubject(subjectOf(env), { allowPath: allowed(env) });
  const declared = await declaredOf(subject, subject.edition ?? newest);
  const profile = inEdition(
    subject.profile === own.id ? await profileOf(subject, own) : own,
    declared.edition,
  );
  const whole = plan(profile, declared);
  const notExamined = [...(subject.notExamined ?? []), ...changedSince(profile, declared)];
  const examined = whole.filter(({ id }) => !notExamined.some((each) => each.case === id));
  return {
    declared,
    subject: { url: subject.url, ...(subject.connect !== undefined && { connect: subject.connect }) },
    notExamined,
    shown: await showEvidence(subjectOf(env), subject.profile === profile.id ? subject.evidence : undefined, {
      profile,
      edition: declared.edition,
      allowPath: allowed(env),
      today: new Date(),
    }),
    planned: subject.profile === profile.id ? examined : [],
  };
}
