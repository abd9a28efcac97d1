import type { Credential } from '../../certs/index.ts';
import { createDriver, type Driven, type Target } from '../drive/driver.ts';
import type { HelloTarget } from '../drive/hello.ts';
import { surveyLatency, surveyPorts, surveyVersions, type PortsWanted } from '../drive/survey.ts';
import type { Exchange, GrantStep, Observation, Survey, TlsVersion } from '../model.ts';
import type { Run } from './engine.ts';

/** A user of the issuer, and what the policy file says of the role. */
export interface RoleRule {
  readonly user: string;
  /** Names of interactions. */
  readonly may: readonly string[];
  readonly mayNot: readonly string[];
}

/** A tenant, known by its token (a user of the issuer) or by its client certificate, and the organisation that it is. */
export interface Tenant {
  readonly user?: string;
  readonly identity?: Credential;
  readonly organisation: string;
}

/** What a subject file names for surveys, each absent where it names none. */
export interface Surveyed {
  readonly ports?: PortsWanted;
  readonly transfer?: HelloTarget;
  /** The same system without its controls, and milliseconds that these may add at p95. */
  readonly unsecured?: Pick<Target, 'address' | 'port' | 'servername' | 'host' | 'basePath'>;
  readonly within?: number;
  /** Exchanges that are timed on each side. */
  readonly samples?: number;
  readonly roles?: readonly RoleRule[];
  readonly tenants?: readonly Tenant[];
}

const SAMPLES = 20;

/** Bodies are no evidence here; how many entries there were, is. */
function step(
  what: string,
  want: GrantStep['want'],
  seen: Observation,
  payload: string | undefined,
): GrantStep {
  const head = { what, want, ...(payload !== undefined && { payload }) };
  if (seen.kind !== 'response') return { ...head, seen };
  const entries =
    seen.resourceType === 'Bundle' ? (seen.body.match(/"resource"\s*:/g) ?? []).length : undefined;
  return { ...head, ...(entries !== undefined && { entries }), seen: { ...seen, body: '' } };
}

/** Looks at a subject in the one way that a survey names. */
export function surveyor(
  { target, redactor, bounds, profile, subject, surveyed = {} }: Run,
  version: TlsVersion,
) {
  const patience = bounds?.patience;
  const { mint } = target;
  const drive = createDriver(target, redactor, bounds);
  const nothing = (field: string): Driven => ({
    observation: { kind: 'nothing', reason: `ours: ${field} is missing in the subject file` },
    trace: [],
  });
  const seen = (observation: Observation): Driven => ({ observation, trace: [] });
  const asking = async (
    what: string,
    want: GrantStep['want'],
    user: string | undefined,
    { exchange, payload }: { readonly exchange: Exchange; readonly payload?: string | undefined },
    by = drive,
  ) => {
    const driven = await by({ ...exchange, ...(user !== undefined && { identity: { user } }) }, version);
    return { step: step(what, want, driven.observation, payload), driven };
  };
  const grants = async (asked: readonly Readonly<Parameters<typeof asking>>[]): Promise<Driven> => {
    const steps: GrantStep[] = [];
    const all: Driven[] = [];
    for (const each of asked) {
      const made = await asking(...each);
      steps.push(made.step);
      all.push(made.driven);
    }
    return {
      observation: { kind: 'grants', steps },
      trace: all.flatMap(({ trace }) => trace),
      kept: all.flatMap(({ kept = [] }) => kept),
    };
  };
  const found = (name: string) => {
    const interaction = profile.interactions.find((each) => each.name === name);
    if (!interaction) throw new Error(`no interaction is called ${name}`);
    const { payload } = interaction;
    return {
      exchange: profile.exchange(subject, interaction),
      ...(payload !== profile.payload && { payload }),
    };
  };

  return async (survey: Survey): Promise<Driven> => {
    const { ports, transfer, unsecured, within, samples = SAMPLES, roles, tenants } = surveyed;
    switch (survey) {
      case 'ports':
        return ports ? seen(await surveyPorts(target, ports, patience)) : nothing('ports');
      case 'transfer':
        return transfer ? seen(await surveyVersions(transfer, patience)) : nothing('transfer');
      case 'latency': {
        if (!unsecured || within === undefined) return nothing('options.addedLatency');
        const valid = profile.valid(subject);
        const { identity: _identity, tls: _tls, ...bare } = valid;
        const at = (place: Partial<Target>, exchange: Exchange) => async () => {
          const token = exchange.identity && (await mint?.(exchange.identity));
          const own = createDriver(
            { ...target, ...place, shared: false, ...(token !== undefined && { mint: async () => token }) },
            redactor,
            bounds,
          );
          return () => own(exchange, version);
        };
        const sides = { secured: at({}, valid), unsecured: at(unsecured, { ...bare, tls: {} }) };
        return seen(await surveyLatency(sides, { samples, within, payload: profile.payload }));
      }
      case 'roles':
        return grants(
          (roles ?? []).flatMap(({ user, may, mayNot }) => [
            ...may.map((name) => [`${user}, ${name}`, 'served', user, found(name)] as const),
            ...mayNot.map((name) => [`${user}, ${name}`, 'withheld', user, found(name)] as const),
          ]),
        );
      case 'tenants': {
        const of = ({ organisation }: Tenant) => ({
          exchange: profile.valid({ ...subject, data: { ...subject.data, organisation } }),
        });
        return grants(
          (tenants ?? []).flatMap((own) => {
            const { user, identity } = own;
            // A connection that others have used is another's.
            const place = identity && {
              ...target,
              shared: false,
              clients: { ...target.clients, valid: identity },
            };
            const by = place ? createDriver(place, redactor, bounds) : drive;
            return (tenants ?? []).map(
              (whose) =>
                [
                  `${user ?? `the certificate of ${own.organisation}`}, organisation ${whose.organisation}`,
                  whose === own ? 'served' : 'withheld',
                  user,
                  of(whose),
                  by,
                ] as const,
            );
          }),
        );
      }
    }
  };
}
