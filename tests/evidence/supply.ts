import {
  any,
  count,
  days,
  digest,
  fail,
  flag,
  kind,
  named,
  none,
  object,
  only,
  open,
  pass,
  some,
  text,
  when,
} from './kind.ts';

/** What a build and a release leave behind: components, scans, provenance. A table of rules, hence its length. */

interface Sbom {
  readonly bomFormat: string;
  readonly metadata: {
    readonly timestamp: string;
    readonly component: { readonly name: string; readonly version: string };
  };
  readonly components: readonly { readonly name: string; readonly version?: string }[];
}
export const sbom = kind<Sbom>({
  id: 'sbom',
  title: 'Software bill of materials of what is deployed',
  made: 'CycloneDX JSON, made by the build (syft, cyclonedx-npm, …)',
  requirements: ['SEC-027', 'PRACTICE-SBOM-PER-BUILD'],
  threshold: 'present, of the version deployed, every component with a version (security practices 3)',
  freshDays: 366,
  format: 'json',
  schema: object({
    bomFormat: { const: 'CycloneDX' },
    metadata: object({ timestamp: when, component: object({ name: text, version: text }) }),
    components: some(object({ name: text, version: text }, 'version')),
  }),
  judge: ({ metadata, components }, { version }) => {
    if (version === undefined)
      return open('the subject file does not say which version is deployed (`version`)');
    if (metadata.component.version !== version)
      return fail(`it is of ${metadata.component.version}, and ${version} is deployed`);
    return none(
      components.filter((each) => each.version === undefined).map(({ name }) => name),
      `${components.length} components of ${metadata.component.name} ${version}`,
      'components without a version',
    );
  },
});

interface Grype {
  readonly matches: readonly {
    readonly vulnerability: { readonly id: string; readonly severity: string };
    readonly artifact: { readonly name: string; readonly version: string };
  }[];
  readonly source: { readonly target: unknown };
  readonly descriptor: { readonly timestamp: string };
  readonly ignoredMatches?: readonly unknown[];
}
const isSerious = (severity: string): boolean => /^(high|critical)$/i.test(severity);
export const vulnerabilityScan = kind<Grype>({
  id: 'vulnerability-scan',
  title: 'Known vulnerabilities in what is deployed',
  made: 'grype sbom:FILE -o json',
  requirements: ['SEC-027', 'PRACTICE-SCAN-DEPENDENCIES', 'PRACTICE-MONITORING'],
  threshold: '0 unresolved High or Critical at release (FtRS high-cve-block)',
  freshDays: 7,
  format: 'json',
  schema: object(
    {
      matches: any(
        object({
          vulnerability: object({ id: text, severity: text }),
          artifact: object({ name: text, version: text }),
        }),
      ),
      source: object({ target: {} }),
      descriptor: object({ timestamp: when }),
      ignoredMatches: any({}),
    },
    'ignoredMatches',
  ),
  judge: ({ matches, descriptor }, { today }) =>
    days(descriptor.timestamp, today) > 7
      ? open(`scanned on ${descriptor.timestamp.slice(0, 10)}: a week-old scan knows no newer vulnerability`)
      : only(
          none(
            matches
              .filter(({ vulnerability: { severity } }) => isSerious(severity))
              .map(({ vulnerability: { id }, artifact }) => `${id} in ${artifact.name} ${artifact.version}`),
            `${matches.length} known vulnerabilities, none High or Critical`,
            'High or Critical',
          ),
          'SEC-027',
        ),
});

interface Trivy {
  readonly CreatedAt: string;
  readonly ArtifactName: string;
  readonly Results: readonly {
    readonly Target: string;
    readonly Vulnerabilities?: readonly { readonly VulnerabilityID: string; readonly Severity: string }[];
    readonly Secrets?: readonly { readonly RuleID: string; readonly StartLine: number }[];
  }[];
}
export const containerScan = kind<Trivy>({
  id: 'container-scan',
  title: 'Secrets and vulnerabilities in the layers of the image',
  made: 'trivy image --scanners vuln,secret --format json IMAGE',
  requirements: ['SEC-030', 'PRACTICE-SCAN-IMAGES'],
  threshold: '0 secrets in any layer, 0 Critical (FtRS cert-secure-storage, release-block-critical-findings)',
  freshDays: 31,
  format: 'json',
  schema: object({
    CreatedAt: when,
    ArtifactName: text,
    Results: some(
      object(
        {
          Target: text,
          Vulnerabilities: any(object({ VulnerabilityID: text, Severity: text })),
          Secrets: any(object({ RuleID: text, StartLine: count })),
        },
        'Vulnerabilities',
        'Secrets',
      ),
    ),
  }),
  judge: ({ ArtifactName: image, Results: results }) =>
    only(
      none(
        results.flatMap(({ Target, Vulnerabilities = [], Secrets = [] }) => [
          ...Secrets.map(({ RuleID }) => `${RuleID} in ${Target}`),
          ...Vulnerabilities.filter(({ Severity }) => /^critical$/i.test(Severity)).map(
            ({ VulnerabilityID: id }) => `${id} in ${Target}`,
          ),
        ]),
        `${image}: ${results.length} targets, no secret, nothing Critical`,
        `${image}`,
      ),
      'SEC-030',
    ),
});

interface Leaks {
  readonly coverage: {
    readonly shallow: boolean;
    readonly logOpts: string;
    readonly commitsScanned: number;
    readonly commitsInRepository: number;
  };
  readonly leaks: readonly { readonly RuleID: string; readonly File: string; readonly Commit: string }[];
}
export const secretScan = kind<Leaks>({
  id: 'secret-scan',
  title: 'Secrets in the whole history of the repository',
  made: 'gitleaks git --log-opts=--all --report-format json, with its coverage: {"coverage":{…},"leaks":[…]}',
  requirements: ['SEC-017', 'SEC-030', 'PRACTICE-NO-KEYS-IN-SOURCE'],
  threshold: '0 leaks, 100% of the history (FtRS cert-secure-storage, zero-long-lived-credentials)',
  freshDays: 31,
  format: 'json',
  schema: object({
    coverage: object({ shallow: flag, logOpts: text, commitsScanned: count, commitsInRepository: count }),
    leaks: any(object({ RuleID: text, File: text, Commit: text })),
  }),
  judge: ({ coverage, leaks }) => {
    if (leaks.length > 0)
      return fail(`leaks: ${named(leaks.map(({ RuleID, File }) => `${RuleID} in ${File}`))}`);
    const { shallow, logOpts, commitsScanned: scanned, commitsInRepository: all } = coverage;
    if (shallow) return open('the clone was shallow: its history is not whole');
    if (!logOpts.includes('--all')) return open('not every branch was scanned (--log-opts=--all)');
    if (all === 0 || scanned < all) return open(`${scanned} of ${all} commits were scanned`);
    return pass(`${all} commits, no leak`);
  },
});

interface Inventory {
  readonly secrets: readonly {
    readonly ARN: string;
    readonly KmsKeyId?: string;
    readonly RotationEnabled?: boolean;
  }[];
  readonly used: readonly string[];
  readonly NextToken?: string;
}
export const secretInventory = kind<Inventory>({
  id: 'secret-inventory',
  title: 'The secrets that the deployment uses, against the secret store',
  made: 'aws secretsmanager list-secrets, and the ARNs that the deployment reads: {"secrets":[…],"used":[…]}',
  requirements: ['SEC-030', 'PRACTICE-SECRET-STORE', 'PRACTICE-KEY-INVENTORY'],
  threshold: '100% of certificates and keys in a managed, encrypted store (FtRS cert-secure-storage)',
  freshDays: 31,
  format: 'json',
  schema: object(
    {
      secrets: some(
        object({ ARN: text, KmsKeyId: text, RotationEnabled: flag }, 'KmsKeyId', 'RotationEnabled'),
      ),
      used: some(text),
      NextToken: text,
    },
    'NextToken',
  ),
  judge: ({ secrets, used, NextToken: more }) =>
    more !== undefined
      ? open('the export is truncated: it has a NextToken')
      : none(
          used.filter((arn) => !secrets.some(({ ARN }) => ARN === arn)),
          `${used.length} secrets in use, all in the store`,
          'in use and not in the store',
        ),
});

interface Redaction {
  readonly scanned: { readonly lines: number; readonly from: string; readonly until: string };
  readonly patterns: readonly string[];
  readonly hits: readonly { readonly pattern: string; readonly where: string }[];
}
export const logRedaction = kind<Redaction>({
  id: 'log-redaction',
  title: 'Keys, tokens and patient numbers in logs and artefacts',
  made: 'the result of the redaction check: {"scanned":{"lines","from","until"},"patterns":[…],"hits":[…]}',
  requirements: ['SEC-030'],
  threshold: '0 plain-text exposures in logs and artefacts (FtRS cert-secure-storage)',
  freshDays: 31,
  format: 'json',
  schema: object({
    scanned: object({ lines: count, from: when, until: when }),
    patterns: some(text),
    hits: any(object({ pattern: text, where: text })),
  }),
  judge: ({ scanned, hits }) =>
    scanned.lines === 0
      ? open('no line was scanned')
      : none(
          hits.map(({ pattern, where }) => `${pattern} at ${where}`),
          `${scanned.lines} lines, nothing found`,
          'found',
        ),
});

interface Gate {
  readonly releases: readonly {
    readonly version: string;
    readonly at: string;
    readonly critical: number;
    readonly decision: string;
    readonly reports: readonly string[];
  }[];
}
export const releaseGate = kind<Gate>({
  id: 'release-gate',
  title: 'What the release gate decided',
  made: 'the log of the gate: {"releases":[{"version","at","critical","decision","reports":[…]}]}',
  requirements: ['SEC-028'],
  threshold:
    '0 releases with an unresolved critical finding, each with its reports (FtRS release-block-critical-findings)',
  freshDays: 92,
  format: 'json',
  schema: object({
    releases: some(
      object({
        version: text,
        at: when,
        critical: count,
        decision: { enum: ['released', 'blocked'] },
        reports: any(text),
      }),
    ),
  }),
  judge: ({ releases }, { version }) => {
    if (
      version !== undefined &&
      !releases.some((each) => each.version === version && each.decision === 'released')
    )
      return open(`the log does not show how ${version}, which is deployed, was released`);
    return none(
      releases
        .filter(
          ({ critical, decision, reports }) =>
            decision === 'released' && (critical > 0 || reports.length === 0),
        )
        .map((each) => each.version),
      `${releases.length} decisions, none let a critical finding through`,
      'released with a critical finding, or without reports',
    );
  },
});

interface Deployments {
  readonly deployments: readonly {
    readonly id: string;
    readonly at: string;
    readonly actor: string;
    readonly commit: string;
    readonly signed: boolean;
    readonly provenance: string;
  }[];
}
const SHARED_ACTOR = /^(root|admin|administrator|jenkins|deploy|ci|shared)$/i;
export const deploymentProvenance = kind<Deployments>({
  id: 'deployment-provenance',
  title: 'Who deployed what, from which commit',
  made: 'the audit of deployments with their attestations: {"deployments":[{"id","at","actor","commit","signed","provenance"}]}',
  requirements: ['SEC-023'],
  threshold:
    'all deployments traceable to one account and a signed commit (FtRS deployment-provenance-traceable)',
  freshDays: 92,
  format: 'json',
  schema: object({
    deployments: some(
      object({
        id: text,
        at: when,
        actor: text,
        commit: { type: 'string', pattern: '^[0-9a-f]{40}$' },
        signed: flag,
        provenance: text,
      }),
    ),
  }),
  judge: ({ deployments }) =>
    none(
      deployments.filter(({ actor, signed }) => !signed || SHARED_ACTOR.test(actor)).map(({ id }) => id),
      `${deployments.length} deployments, each of one account and a signed commit`,
      'not traceable',
    ),
});

interface Transfers {
  readonly transfers: readonly {
    readonly id: string;
    readonly at: string;
    readonly sent: string;
    readonly received: string;
    readonly transport: string;
  }[];
}
export const transferIntegrity = kind<Transfers>({
  id: 'checksum-manifests',
  title: 'Transfers of code and data, with their checksums at both ends',
  made: 'the manifests: {"transfers":[{"id","at","sent":"SHA-256","received":"SHA-256","transport"}]}',
  requirements: ['SEC-024'],
  threshold: '100% logged and verified, over a secure transport (FtRS transfer-integrity-secure)',
  freshDays: 92,
  format: 'json',
  schema: object({
    transfers: some(object({ id: text, at: when, sent: digest, received: digest, transport: text })),
  }),
  judge: ({ transfers }) =>
    none(
      transfers
        .filter(
          ({ sent, received, transport }) => sent !== received || !/^(https|sftp|tls|mtls)$/i.test(transport),
        )
        .map(({ id }) => id),
      `${transfers.length} transfers, each the same at both ends`,
      'changed on the way, or not over a secure transport',
    ),
});
