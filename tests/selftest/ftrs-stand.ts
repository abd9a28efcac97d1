import { X509Certificate } from 'node:crypto';
import { createHierarchy, type Hierarchy } from '../../certs/index.ts';
import { startIssuer, type ServedIssuer } from '../../mocks/cis2/server.ts';
import { mint } from '../../mocks/cis2/mint.ts';
import { DEFAULT_CLIENT } from '../../mocks/cis2/users.ts';
import { Realm } from '../../mocks/cis2/realm.ts';
import { rolesOf } from '../../mocks/provider/cis2/roles.ts';
import { ftrsConformant, type FtrsPolicy } from '../../mocks/provider/ftrs/policy.ts';
import type { RevocationPlace } from '../../mocks/provider/revocation.ts';
import { FTRS_ODS } from '../../mocks/provider/ftrs/directory.ts';
import { startFtrs, type FtrsProvider } from '../../mocks/provider/ftrs/server.ts';
import { cis2Token } from '../cases/cis2-token.ts';
import { plainPort } from '../drive/probe.ts';
import { createRedactor } from '../drive/redact.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { OTHER_ISSUER, surveyOf, UNSECURED } from '../run/ftrs.ts';
import { baseline, runPlan, type Run } from '../run/engine.ts';
import type { Finding } from '../run/finding.ts';
import type { Planned } from '../run/plan.ts';

/** An issuer and the hierarchy that it and the providers of a test file live in. */
export interface FtrsStand {
  readonly pki: Hierarchy;
  readonly issuer: ServedIssuer;
  readonly start: (policy?: Partial<FtrsPolicy>, revocation?: RevocationPlace) => Promise<FtrsProvider>;
  readonly runOf: (provider: Pick<FtrsProvider, 'url' | 'port'> & Partial<FtrsProvider>) => Run;
  /** Stops the issuer and the twin without controls. */
  readonly close: () => Promise<void>;
}

/** @param pki a hierarchy to live in; absent: a new one */
export async function createStand(given?: Hierarchy): Promise<FtrsStand> {
  const pki = given ?? (await createHierarchy());
  const other = await Realm.create({ issuer: OTHER_ISSUER });
  const issuer = await startIssuer({ identity: pki.provider });
  const start: FtrsStand['start'] = (policy = {}, revocation) =>
    startFtrs({
      policy: { ...ftrsConformant, ...policy },
      hierarchy: pki,
      issuer: issuer.issuer,
      jwks: issuer.realm.url('jwks'),
      ca: pki.root,
      audience: DEFAULT_CLIENT,
      roles: rolesOf(issuer.realm.users.values()),
      other,
      ...(revocation && { revocation }),
    });
  const twin = await start(UNSECURED);
  return {
    pki,
    issuer,
    start,
    close: async () => {
      await Promise.all([issuer.close(), twin.close()]);
    },
    runOf: ({ url, port, plain, ports, transfer }) => ({
      ...(plain !== undefined &&
        ports &&
        transfer !== undefined && { surveyed: surveyOf({ plain, ports, transfer }, twin) }),
      profile: ftrs,
      subject: { url, data: { organisation: FTRS_ODS } },
      target: {
        address: '127.0.0.1',
        port,
        servername: 'localhost',
        host: new URL(url).host,
        basePath: new URL(url).pathname,
        trust: [pki.root],
        clients: pki.clients,
        shared: true,
        ...(plain !== undefined && { plain: plainPort(plain) }),
        fingerprint: new X509Certificate(pki.provider.certificate).fingerprint256,
        mint: ({ elsewhere, ...wanted }) => mint(elsewhere ? other : issuer.realm, wanted),
      },
      redactor: createRedactor(),
      bounds: { patience: 3_000 },
    }),
  };
}

/** The token battery as a plan: SEC-029 is what all of it bears on. */
export const battery: readonly Planned[] = cis2Token.map((entry) => ({
  id: entry.id,
  case: entry,
  payload: ftrs.payload,
  clauses: [],
  level: entry.bearing ?? 'MUST',
}));

/** Examines the battery, or a part of it, on a provider, then stops the provider. */
export async function examinedBy(
  stand: FtrsStand,
  provider: FtrsProvider,
  planned: readonly Planned[] = battery,
): Promise<readonly Finding[]> {
  try {
    const run = stand.runOf(provider);
    return await runPlan(run, planned, await baseline(run), 4);
  } finally {
    await provider.close();
  }
}
