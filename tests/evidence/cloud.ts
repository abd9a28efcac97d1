import {
  any,
  count,
  days,
  fail,
  flag,
  kind,
  named,
  none,
  object,
  open,
  pass,
  some,
  text,
  when,
} from './kind.ts';

/** Exports of the cloud account: network, encryption, keys, identities. A table of rules, hence its length. */

interface Range {
  readonly CidrIp?: string;
  readonly CidrIpv6?: string;
}
interface Permission {
  readonly IpProtocol: string;
  readonly FromPort?: number;
  readonly ToPort?: number;
  readonly IpRanges?: readonly Range[];
  readonly Ipv6Ranges?: readonly Range[];
}
interface Groups {
  readonly SecurityGroups: readonly {
    readonly GroupId: string;
    readonly IpPermissions: readonly Permission[];
  }[];
  readonly NextToken?: string;
}
const isBroad = ({ CidrIp, CidrIpv6 }: Range): boolean => CidrIp === '0.0.0.0/0' || CidrIpv6 === '::/0';
/** Ports that the whole world may reach: TLS alone. */
const PUBLIC = new Set([443]);
const opensMore = ({ IpProtocol, FromPort, ToPort, IpRanges = [], Ipv6Ranges = [] }: Permission): boolean =>
  [...IpRanges, ...Ipv6Ranges].some(isBroad) &&
  !(IpProtocol === 'tcp' && FromPort !== undefined && FromPort === ToPort && PUBLIC.has(FromPort));

export const securityGroups = kind<Groups>({
  id: 'security-groups',
  title: 'Security groups of the account',
  made: 'aws ec2 describe-security-groups --output json',
  requirements: ['SEC-007', 'SEC-008'],
  threshold:
    '0 rules from 0.0.0.0/0 or ::/0 on a port other than 443 (FtRS sg-broad-ingress-denied, perimeter-scan)',
  freshDays: 31,
  format: 'json',
  schema: object(
    {
      SecurityGroups: some(
        object({
          GroupId: text,
          IpPermissions: any(
            object(
              {
                IpProtocol: text,
                FromPort: { type: 'integer' },
                ToPort: { type: 'integer' },
                IpRanges: any(object({ CidrIp: text })),
                Ipv6Ranges: any(object({ CidrIpv6: text })),
              },
              'FromPort',
              'ToPort',
              'IpRanges',
              'Ipv6Ranges',
            ),
          ),
        }),
      ),
      NextToken: text,
    },
    'NextToken',
  ),
  judge: ({ SecurityGroups: groups, NextToken: more }) =>
    more !== undefined
      ? open('the export is truncated: it has a NextToken')
      : none(
          groups.filter(({ IpPermissions }) => IpPermissions.some(opensMore)).map(({ GroupId }) => GroupId),
          `${groups.length} security groups, none open to the world beyond 443`,
          'open to the world beyond 443',
        ),
});

interface Compliance {
  readonly ComplianceByConfigRules: readonly {
    readonly ConfigRuleName: string;
    readonly Compliance: { readonly ComplianceType: string };
  }[];
  readonly NextToken?: string;
}
/** The managed rules of AWS Config that look at encryption at rest. */
const AT_REST = ['encrypted-volumes', 'rds-storage-encrypted', 's3-bucket-server-side-encryption-enabled'];

export const storageEncryption = kind<Compliance>({
  id: 'storage-encryption',
  title: 'Encryption at rest, as AWS Config sees it',
  made: 'aws configservice describe-compliance-by-config-rule --output json',
  requirements: ['SEC-004'],
  threshold: '100% compliant (FtRS storage-encryption-enabled)',
  freshDays: 31,
  format: 'json',
  schema: object(
    {
      ComplianceByConfigRules: some(
        object({ ConfigRuleName: text, Compliance: object({ ComplianceType: text }) }),
      ),
      NextToken: text,
    },
    'NextToken',
  ),
  judge: ({ ComplianceByConfigRules: rules, NextToken: more }) => {
    if (more !== undefined) return open('the export is truncated: it has a NextToken');
    const missing = AT_REST.filter(
      (name) => !rules.some(({ ConfigRuleName }) => ConfigRuleName.includes(name)),
    );
    if (missing.length > 0) return open(`AWS Config does not look at ${named(missing)}`);
    const bad = rules.filter(({ Compliance: { ComplianceType: type } }) => type === 'NON_COMPLIANT');
    const unknown = rules.filter(({ Compliance: { ComplianceType: type } }) => type === 'INSUFFICIENT_DATA');
    if (bad.length === 0 && unknown.length > 0) {
      return open(`not enough data: ${named(unknown.map(({ ConfigRuleName }) => ConfigRuleName))}`);
    }
    return none(
      bad.map(({ ConfigRuleName }) => ConfigRuleName),
      `${rules.length} rules, all compliant`,
      'not compliant',
    );
  },
});

interface Keys {
  readonly keys: readonly {
    readonly Arn: string;
    readonly KeyRotationEnabled: boolean;
    readonly rotatedOn?: string;
    readonly unauthorisedAccess: number;
  }[];
}
export const keyRotation = kind<Keys>({
  id: 'key-rotation',
  title: 'Rotation and use of KMS keys',
  made: 'aws kms get-key-rotation-status for each key, with the RotateKey events of CloudTrail, as {"keys":[…]}',
  requirements: ['SEC-013'],
  threshold:
    '100% rotate, 0 unauthorised uses (FtRS key-rotation-logging); rotated within a year (KMS default period)',
  freshDays: 31,
  format: 'json',
  schema: object({
    keys: some(
      object(
        { Arn: text, KeyRotationEnabled: flag, rotatedOn: when, unauthorisedAccess: count },
        'rotatedOn',
      ),
    ),
  }),
  judge: ({ keys }, { today }) =>
    none(
      keys
        .filter(
          ({ KeyRotationEnabled: on, rotatedOn, unauthorisedAccess: used }) =>
            !on || used > 0 || (rotatedOn !== undefined && days(rotatedOn, today) > 366),
        )
        .map(({ Arn }) => Arn),
      `${keys.length} keys, all rotate`,
      'not rotated, or used without leave',
    ),
});

type Row = Readonly<Record<string, string>>;
const ROW = {
  type: 'object',
  required: [
    'user',
    'arn',
    'password_enabled',
    'mfa_active',
    'access_key_1_active',
    'access_key_1_last_rotated',
  ],
};
const keyAges = (row: Row, today: Date): readonly number[] =>
  ['access_key_1', 'access_key_2'].flatMap((key) =>
    row[`${key}_active`] === 'true' ? [days(row[`${key}_last_rotated`] ?? '1970-01-01', today)] : [],
  );

export const credentialReport = kind<readonly Row[]>({
  id: 'credential-report',
  title: 'IAM credential report',
  made: 'aws iam get-credential-report --query Content --output text | base64 -d',
  requirements: ['SEC-016', 'SEC-017'],
  threshold:
    'MFA for 100% of users with a password (FtRS privileged-mfa-enforced); no root key, no key older than 90 days (CIS AWS Foundations 1.4, 1.14; FtRS zero-long-lived-credentials)',
  freshDays: 31,
  format: 'csv',
  schema: some(ROW),
  judge: (rows, { today }) => {
    const isRoot = (row: Row): boolean => row['user'] === '<root_account>';
    if (!rows.some(isRoot)) return open('the report has no <root_account> row: it is not whole');
    const lax = rows.filter((row) => row['password_enabled'] === 'true' && row['mfa_active'] !== 'true');
    const old = rows.filter((row) => keyAges(row, today).some((age) => age > 90 || isRoot(row)));
    const bad = [...new Set([...lax, ...old].map((row) => row['user'] ?? ''))];
    return none(
      bad,
      `${rows.length} identities: MFA wherever there is a password, no key older than 90 days`,
      'no MFA, a root key, or a key older than 90 days',
    );
  },
});

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
}
interface Access {
  readonly findings: readonly { readonly id: string; readonly status: string }[];
  readonly policies: readonly {
    readonly name: string;
    readonly document: { readonly Statement: readonly Statement[] };
  }[];
}
const list = (value: string | readonly string[] = []): readonly string[] =>
  typeof value === 'string' ? [value] : value;
const isWild = ({ Effect, Action, Resource }: Statement): boolean =>
  Effect === 'Allow' &&
  (list(Resource).includes('*') || list(Action).some((each) => each === '*' || each.endsWith(':*')));

export const accessAnalyzer = kind<Access>({
  id: 'access-analyzer',
  title: 'Access Analyzer findings and IAM policies',
  made: 'aws accessanalyzer list-findings, and the policy documents, as {"findings":[…],"policies":[…]}',
  requirements: ['SEC-012'],
  threshold:
    '≥ 95% of policies without wildcard resource or action, no active finding (FtRS iam-least-privilege)',
  freshDays: 31,
  format: 'json',
  schema: object({
    findings: any(object({ id: text, status: text })),
    policies: some(
      object({
        name: text,
        document: object({
          Statement: some(
            object({ Effect: { enum: ['Allow', 'Deny'] }, Action: {}, Resource: {} }, 'Action', 'Resource'),
          ),
        }),
      }),
    ),
  }),
  judge: ({ findings, policies }) => {
    const active = findings.filter(({ status }) => status === 'ACTIVE').map(({ id }) => id);
    if (active.length > 0) return fail(`active findings: ${named(active)}`);
    const wild = policies.filter(({ document }) => document.Statement.some(isWild)).map(({ name }) => name);
    const share = 1 - wild.length / policies.length;
    return share >= 0.95
      ? pass(`${(share * 100).toFixed(0)}% of ${policies.length} policies name their actions and resources`)
      : fail(`${(share * 100).toFixed(0)}% of policies are explicit; wildcards in ${named(wild)}`);
  },
});

interface Console {
  readonly Events: readonly {
    readonly EventName: string;
    readonly Username: string;
    readonly EventTime: string;
  }[];
  readonly NextToken?: string;
  readonly approvals: readonly {
    readonly username: string;
    readonly from: string;
    readonly until: string;
    readonly reference: string;
  }[];
  readonly window: { readonly from: string; readonly until: string };
}
export const consoleAccess = kind<Console>({
  id: 'console-access',
  title: 'Human access to production, against its approvals',
  made: 'aws cloudtrail lookup-events (ConsoleLogin), with the approvals and the window, in one object',
  requirements: ['SEC-006'],
  threshold: '0 unapproved (FtRS prod-console-access-audit)',
  freshDays: 31,
  format: 'json',
  schema: object(
    {
      Events: any(object({ EventName: text, Username: text, EventTime: when })),
      NextToken: text,
      approvals: any(object({ username: text, from: when, until: when, reference: text })),
      window: object({ from: when, until: when }),
    },
    'NextToken',
  ),
  judge: ({ Events: events, NextToken: more, approvals, window }) => {
    if (more !== undefined) return open('the export is truncated: it has a NextToken');
    if (days(window.from, window.until) < 7) return open('the window is shorter than a week');
    const at = (text: string): number => new Date(text).getTime();
    const bad = events.filter(
      ({ Username, EventTime }) =>
        !approvals.some(
          ({ username, from, until }) =>
            username === Username && at(from) <= at(EventTime) && at(EventTime) <= at(until),
        ),
    );
    return none(
      bad.map(({ Username, EventTime }) => `${Username} at ${EventTime}`),
      `${events.length} sessions, each approved`,
      'without approval',
    );
  },
});

interface Attempts {
  readonly attempts: readonly {
    readonly from: string;
    readonly to: string;
    readonly action: string;
    readonly decision: string;
    readonly logged: boolean;
  }[];
}
const attempts = object({
  attempts: some(object({ from: text, to: text, action: text, decision: text, logged: flag })),
});
const denied = ({ attempts: tried }: Attempts) =>
  none(
    tried
      .filter(({ decision, logged }) => decision !== 'denied' || !logged)
      .map(({ from, to, action }) => `${action} from ${from} to ${to}`),
    `${tried.length} attempts, all denied and logged`,
    'not denied, or not logged',
  );

export const crossEnvironment = kind<Attempts>({
  id: 'cross-environment',
  title: 'Attempts from one environment at the data of another',
  made: 'the log of the negative tests: {"attempts":[{"from","to","action","decision":"denied","logged":true}]}',
  requirements: ['SEC-005'],
  threshold: '100% denied and logged (FtRS cross-env-access-denied)',
  freshDays: 92,
  format: 'json',
  schema: attempts,
  judge: denied,
});
export const segmentation = kind<Attempts>({
  id: 'segmentation',
  title: 'Attempts from one tenant at the workloads of another',
  made: 'the log of the segmentation suite, in the form of `cross-environment`',
  requirements: ['SEC-019'],
  threshold: '100% denied and logged (FtRS segmentation-tenant-isolation)',
  freshDays: 92,
  format: 'json',
  schema: attempts,
  judge: denied,
});

interface Ports {
  readonly scannedFrom: string;
  readonly open: readonly { readonly host: string; readonly port: number }[];
  readonly approved: readonly { readonly host: string; readonly port: number }[];
}
const place = object({ host: text, port: { type: 'integer', minimum: 1, maximum: 65_535 } });
export const portScan = kind<Ports>({
  id: 'port-scan',
  title: 'Open ports against the approved list',
  made: 'a scan from outside, as {"scannedFrom","open":[{"host","port"}],"approved":[…]}',
  requirements: ['SEC-021'],
  threshold: 'no unexpected open port (FtRS port-scan-diagnostic-only)',
  freshDays: 92,
  format: 'json',
  schema: object({ scannedFrom: text, open: some(place), approved: some(place) }),
  judge: ({ open: found, approved }) =>
    none(
      found
        .filter(({ host, port }) => !approved.some((each) => each.host === host && each.port === port))
        .map(({ host, port }) => `${host}:${port}`),
      `${found.length} open ports, all approved`,
      'open and not approved',
    ),
});
