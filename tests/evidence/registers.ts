import {
  any,
  count,
  days,
  fail,
  flag,
  kind,
  none,
  object,
  open,
  pass,
  some,
  tagged,
  text,
  when,
} from './kind.ts';

/** Registers, checklists and metrics that a team keeps. A table of rules, hence its length. */

interface Benchmark {
  readonly cis: { readonly benchmark: string; readonly passed: number; readonly failed: number };
  readonly asvs: readonly { readonly level: number; readonly passed: number; readonly failed: number }[];
  readonly high: readonly { readonly id: string; readonly status: string; readonly exception?: string }[];
}
const tally = { passed: count, failed: count };
export const benchmark = kind<Benchmark>({
  id: 'benchmark',
  title: 'CIS benchmark and OWASP ASVS results',
  made: 'Security Hub, Prowler or powerpipe totals, and the ASVS checklist: {"cis":{…},"asvs":[…],"high":[…]}',
  requirements: ['SEC-009'],
  threshold:
    '≥ 95% passing, high findings fixed or excepted, ASVS levels 1 and 2 (FtRS cis-benchmark-compliance)',
  freshDays: 31,
  format: 'json',
  schema: object({
    cis: object({ benchmark: text, ...tally }),
    asvs: some(object({ level: { enum: [1, 2, 3] }, ...tally })),
    high: any(
      object({ id: text, status: { enum: ['open', 'fixed', 'excepted'] }, exception: text }, 'exception'),
    ),
  }),
  judge: ({ cis, asvs, high }) => {
    const missing = [1, 2].filter((level) => !asvs.some((each) => each.level === level));
    if (missing.length > 0) return open(`no result for ASVS level ${missing.join(' and ')}`);
    if (cis.passed + cis.failed === 0) return open('no CIS control was looked at');
    const share = cis.passed / (cis.passed + cis.failed);
    if (share < 0.95) return fail(`${(share * 100).toFixed(1)}% of ${cis.benchmark} pass`);
    const level = asvs.find((each) => each.level < 3 && each.failed > 0);
    if (level) return fail(`${level.failed} controls of ASVS level ${level.level} fail`);
    return none(
      high
        .filter(({ status, exception }) => status === 'open' || (status === 'excepted' && !exception))
        .map(({ id }) => id),
      `${(share * 100).toFixed(1)}% of ${cis.benchmark}, ASVS levels 1 and 2, no high finding open`,
      'high findings open, or excepted without a reference',
    );
  },
});

interface Certificates {
  readonly certificates: readonly {
    readonly name: string;
    readonly notAfter: string;
    readonly alarmDays: number;
  }[];
  readonly alarmTest: { readonly on: string; readonly fired: boolean };
  readonly lastRenewal: { readonly on: string; readonly downtimeSeconds: number };
}
export const certificateInventory = kind<Certificates>({
  id: 'certificate-inventory',
  title: 'Certificates, their alarms, the test of the alarm and the last renewal',
  made: 'the inventory with its alarms: {"certificates":[{"name","notAfter","alarmDays"}],"alarmTest":{…},"lastRenewal":{…}}',
  requirements: ['SEC-015'],
  threshold:
    'alert at least 30 days before, no outage (FtRS cert-expiry-alert-renewal); alarm tested within a year',
  freshDays: 31,
  format: 'json',
  schema: object({
    certificates: some(object({ name: text, notAfter: when, alarmDays: count })),
    alarmTest: object({ on: when, fired: flag }),
    lastRenewal: object({ on: when, downtimeSeconds: count }),
  }),
  judge: ({ certificates, alarmTest, lastRenewal }, { today }) => {
    if (!alarmTest.fired) return fail('the test of the alarm did not fire');
    if (days(alarmTest.on, today) > 366)
      return open(`the alarm was last tested on ${alarmTest.on.slice(0, 10)}`);
    if (lastRenewal.downtimeSeconds > 0)
      return fail(`the last renewal cost ${lastRenewal.downtimeSeconds} s of downtime`);
    return none(
      certificates
        .filter(({ notAfter, alarmDays }) => alarmDays < 30 || days(today, notAfter) < 0)
        .map(({ name }) => name),
      `${certificates.length} certificates, alarms 30 days before or sooner`,
      'expired, or with an alarm later than 30 days before',
    );
  },
});

interface Roles {
  readonly utilities: readonly {
    readonly utility: string;
    readonly role: string;
    readonly members: readonly string[];
  }[];
  readonly approved: readonly { readonly role: string; readonly members: readonly string[] }[];
}
export const roleListing = kind<Roles>({
  id: 'role-listing',
  title: 'Who may use system utilities, against who is approved',
  made: 'the roles and the approval list: {"utilities":[{"utility","role","members"}],"approved":[{"role","members"}]}',
  requirements: ['SEC-022', 'PRACTICE-LEAST-PRIVILEGE'],
  threshold: 'approved roles and members only (FtRS utility-access-restricted)',
  freshDays: 92,
  format: 'json',
  schema: object({
    utilities: some(object({ utility: text, role: text, members: any(text) })),
    approved: some(object({ role: text, members: any(text) })),
  }),
  judge: ({ utilities, approved }) =>
    none(
      utilities.flatMap(({ utility, role, members }) => {
        const allowed = approved.find((each) => each.role === role)?.members ?? [];
        return members
          .filter((member) => !allowed.includes(member))
          .map((member) => `${member} (${utility})`);
      }),
      `${utilities.length} utilities, approved members only`,
      'not approved',
    ),
});

interface TokenMetrics {
  readonly window: { readonly from: string; readonly until: string };
  readonly metrics: readonly { readonly name: string; readonly sum: number }[];
  readonly alarm: {
    readonly perPrincipalPerMinute: number;
    readonly testedOn: string;
    readonly fired: boolean;
  };
  readonly jwksCache: { readonly maxAgeSeconds: number; readonly refreshes: number };
}
export const tokenMetrics = kind<TokenMetrics>({
  id: 'token-failure-metrics',
  title: 'Metrics of failed tokens and of the key-set cache',
  made: 'the monitoring export: {"window":{…},"metrics":[{"name","sum"}],"alarm":{…},"jwksCache":{…}}',
  requirements: ['SEC-029'],
  threshold:
    'failures are counted and alert beyond 5 per principal and minute (FtRS OBS-033), the key-set cache is monitored (FtRS cis2-jwt-auth-enforced)',
  freshDays: 31,
  format: 'json',
  schema: object({
    window: object({ from: when, until: when }),
    metrics: some(object({ name: text, sum: count })),
    alarm: object({ perPrincipalPerMinute: count, testedOn: when, fired: flag }),
    jwksCache: object({ maxAgeSeconds: count, refreshes: count }),
  }),
  judge: ({ window, alarm, jwksCache }, { today }) => {
    if (days(window.from, window.until) < 1) return open('the window is shorter than a day');
    if (alarm.perPrincipalPerMinute > 5)
      return fail(`the alarm is set at ${alarm.perPrincipalPerMinute} failures a minute`);
    if (!alarm.fired || days(alarm.testedOn, today) > 366)
      return open('the alarm was not seen to fire within a year');
    if (jwksCache.refreshes === 0) return fail('the key-set cache was never refreshed in the window');
    return pass('failures are counted and alert; the key-set cache is refreshed');
  },
});

interface WellArchitected {
  readonly workload: string;
  readonly pillar: string;
  readonly riskCounts: { readonly HIGH: number; readonly MEDIUM: number; readonly UNANSWERED: number };
  readonly milestone: { readonly name: string; readonly recordedAt: string };
  readonly actions: readonly { readonly id: string; readonly owner: string; readonly ticket: string }[];
}
export const wellArchitected = kind<WellArchitected>({
  id: 'well-architected',
  title: 'Security pillar of the Well-Architected review',
  made: 'aws wellarchitected get-lens-review, with the actions: {"workload","pillar","riskCounts","milestone","actions"}',
  requirements: ['SEC-002'],
  threshold:
    'checklist done, 0 critical gaps, 100% of the actions tracked (FtRS waf-pillar-checklist); reviewed within a year',
  freshDays: 366,
  format: 'json',
  schema: object({
    workload: text,
    pillar: { const: 'security' },
    riskCounts: object({ HIGH: count, MEDIUM: count, UNANSWERED: count }),
    milestone: object({ name: text, recordedAt: when }),
    actions: any(object({ id: text, owner: { type: 'string' }, ticket: { type: 'string' } })),
  }),
  judge: ({ riskCounts, milestone, actions }, { today }) => {
    if (riskCounts.UNANSWERED > 0) return open(`${riskCounts.UNANSWERED} questions are unanswered`);
    if (riskCounts.HIGH > 0) return fail(`${riskCounts.HIGH} high risks`);
    if (days(milestone.recordedAt, today) > 366)
      return open(`last reviewed on ${milestone.recordedAt.slice(0, 10)}`);
    if (riskCounts.MEDIUM > actions.length)
      return fail(`${riskCounts.MEDIUM} medium risks and ${actions.length} actions`);
    return none(
      actions.filter(({ owner, ticket }) => owner === '' || ticket === '').map(({ id }) => id),
      'no high risk, every action tracked',
      'actions without owner or ticket',
    );
  },
});

interface Suppliers {
  readonly suppliers: readonly {
    readonly name: string;
    readonly auditedOn: string;
    readonly until: string;
    readonly by: string;
    readonly reference: string;
  }[];
}
export const supplierAudit = kind<Suppliers>({
  id: 'supplier-audit',
  title: 'Register of supplier audits',
  made: 'the register: {"suppliers":[{"name","auditedOn","until","by","reference"}]}',
  requirements: ['SEC-018'],
  threshold: 'current and verified (FtRS supplier-audit-attestation)',
  freshDays: 92,
  format: 'json',
  schema: object({
    suppliers: some(object({ name: text, auditedOn: when, until: when, by: text, reference: text })),
  }),
  judge: ({ suppliers }, { today }) =>
    none(
      suppliers
        .filter(({ auditedOn, until }) => days(today, until) < 0 || days(auditedOn, today) < 0)
        .map(({ name }) => name),
      `${suppliers.length} suppliers, each with a current audit`,
      'audit expired, or dated in the future',
    ),
});

interface PenetrationTests {
  readonly goLive?: string;
  readonly perimeterChanges: readonly string[];
  readonly tests: readonly {
    readonly on: string;
    readonly by: string;
    readonly independent: boolean;
    readonly findings: readonly {
      readonly id: string;
      readonly severity: string;
      readonly status: string;
      readonly exception?: string;
    }[];
  }[];
}
export const penetrationTest = kind<PenetrationTests>({
  id: 'penetration-test',
  title: 'Register of penetration tests',
  made: 'the register: {"tests":[{"on","by","independent","findings":[…]}],"perimeterChanges":[…],"goLive"}',
  requirements: [
    'SEC-010',
    'SEC-031',
    'GPC-SEC-OWASP-TESTED',
    'GPC-SEC-DOS-TESTED',
    'GPC-HTML-SEC-OWASP-TESTED',
    'GPC-HTML-SEC-DOS-TESTED',
  ],
  threshold:
    'independent, within 12 months, after the last perimeter change and before going live; criticals fixed or excepted (FtRS annual-pentest)',
  freshDays: 366,
  format: 'json',
  schema: object(
    {
      goLive: when,
      perimeterChanges: any(when),
      tests: some(
        object({
          on: when,
          by: text,
          independent: flag,
          findings: any(
            object(
              {
                id: text,
                severity: { enum: ['low', 'medium', 'high', 'critical'] },
                status: { enum: ['open', 'fixed', 'excepted'] },
                exception: text,
              },
              'exception',
            ),
          ),
        }),
      ),
    },
    'goLive',
  ),
  judge: ({ tests, perimeterChanges, goLive }, { today }) => {
    const last = tests.filter(({ independent }) => independent).sort((a, b) => b.on.localeCompare(a.on))[0];
    if (!last) return fail('no test was independent');
    if (days(last.on, today) < 0)
      return open(`the last test is dated ${last.on.slice(0, 10)}, in the future`);
    if (days(last.on, today) > 366) return fail(`the last test was on ${last.on.slice(0, 10)}`);
    const late = perimeterChanges.find((day) => day > last.on && days(day, today) >= 0);
    if (late !== undefined) return fail(`the perimeter changed on ${late.slice(0, 10)}, after the last test`);
    if (goLive !== undefined && !tests.some(({ on, independent }) => independent && on <= goLive))
      return fail('no independent test before going live');
    return none(
      last.findings
        .filter(
          ({ severity, status, exception }) =>
            severity === 'critical' && (status === 'open' || (status === 'excepted' && !exception)),
        )
        .map(({ id }) => id),
      `tested by ${last.by} on ${last.on.slice(0, 10)}, no critical finding open`,
      'critical findings open',
    );
  },
});

interface Latency {
  readonly sla: { readonly p95: number };
  readonly withControls: { readonly requests: number; readonly p95: number };
  readonly without: { readonly requests: number; readonly p95: number };
}
const run = object({ requests: count, p95: { type: 'number', minimum: 0 } });
export const latency = kind<Latency>({
  id: 'latency-comparison',
  title: 'Latency with the security controls and without',
  made: 'the performance test, in milliseconds: {"sla":{"p95"},"withControls":{"requests","p95"},"without":{…}}',
  requirements: ['SEC-011'],
  threshold: 'p95 with the controls within the agreed level (FtRS security-features-latency-sla)',
  freshDays: 92,
  format: 'json',
  schema: object({ sla: object({ p95: { type: 'number', minimum: 0 } }), withControls: run, without: run }),
  judge: ({ sla, withControls, without }) => {
    if (Math.min(withControls.requests, without.requests) < 100)
      return open('fewer than 100 requests on one side');
    const added = `${(withControls.p95 - without.p95).toFixed(0)} ms added at p95`;
    return withControls.p95 <= sla.p95
      ? pass(`p95 ${withControls.p95} ms within ${sla.p95} ms; ${added}`)
      : fail(`p95 ${withControls.p95} ms, agreed ${sla.p95} ms; ${added}`);
  },
});

export interface Threats {
  readonly reviewedOn: string;
  readonly lastArchitecturalChange: string;
  readonly diagram: string;
  readonly threats: readonly {
    readonly id: string;
    readonly stride: string;
    readonly likelihood: string;
    readonly impact: string;
    readonly mitigation: string;
  }[];
}
export const threatModel = kind<Threats>({
  id: 'threat-model',
  title: 'The threat model',
  made: 'its index: {"reviewedOn","lastArchitecturalChange","diagram","threats":[{"id","stride","likelihood","impact","mitigation"}]}',
  requirements: [
    'PRACTICE-THREAT-MODEL',
    'PRACTICE-THREAT-DIAGRAM',
    'PRACTICE-THREAT-RATED',
    'PRACTICE-THREAT-MITIGATED',
    'PRACTICE-THREAT-REVIEWED',
  ],
  threshold:
    'on file, with a diagram, every threat rated and mitigated, reviewed since the last change (security practices 1)',
  freshDays: 366,
  format: 'json',
  schema: object({
    reviewedOn: when,
    lastArchitecturalChange: when,
    diagram: text,
    threats: some(
      object({
        id: text,
        stride: {
          enum: [
            'spoofing',
            'tampering',
            'repudiation',
            'information disclosure',
            'denial of service',
            'elevation of privilege',
          ],
        },
        likelihood: text,
        impact: text,
        mitigation: { type: 'string' },
      }),
    ),
  }),
  judge: ({ reviewedOn, lastArchitecturalChange: changed, threats }) =>
    tagged(
      [
        ...(reviewedOn < changed
          ? ([
              [
                'PRACTICE-THREAT-REVIEWED',
                `reviewed on ${reviewedOn.slice(0, 10)}, changed on ${changed.slice(0, 10)}`,
              ],
            ] as const)
          : []),
        ...threats
          .filter(({ mitigation }) => mitigation === '')
          .map(({ id }) => ['PRACTICE-THREAT-MITIGATED', `${id} has no mitigation`] as const),
      ],
      `${threats.length} threats, each rated and mitigated, reviewed since the last change`,
    ),
});

interface Vulnerabilities {
  readonly vulnerabilities: readonly {
    readonly id: string;
    readonly severity: string;
    readonly foundOn: string;
    readonly owner: string;
    readonly dueOn: string;
    readonly closedOn?: string;
    readonly rescannedOn?: string;
    readonly exception?: {
      readonly approvedBy: string;
      readonly until: string;
      readonly interimMitigation: string;
    };
  }[];
}
/** Days to remediate by severity. */
const DEADLINE: Readonly<Record<string, number>> = { critical: 14, high: 30 };
export const vulnerabilityRegister = kind<Vulnerabilities>({
  id: 'vulnerability-register',
  title: 'Register of vulnerabilities: owners, deadlines, exceptions, closure',
  made: 'the issue tracker: {"vulnerabilities":[{"id","severity","foundOn","owner","dueOn","closedOn","rescannedOn","exception"}]}',
  requirements: [
    'PRACTICE-VULNERABILITY-TRACKED',
    'PRACTICE-VULNERABILITY-DEADLINE',
    'PRACTICE-VULNERABILITY-EXCEPTION',
    'PRACTICE-VULNERABILITY-RESCAN',
  ],
  threshold:
    '14 days for Critical, 30 for High; exceptions with interim mitigation; re-scan after the fix (security practices 4)',
  freshDays: 31,
  format: 'json',
  schema: object({
    vulnerabilities: any(
      object(
        {
          id: text,
          severity: { enum: ['low', 'medium', 'high', 'critical'] },
          foundOn: when,
          owner: { type: 'string' },
          dueOn: when,
          closedOn: when,
          rescannedOn: when,
          exception: object({ approvedBy: text, until: when, interimMitigation: { type: 'string' } }),
        },
        'closedOn',
        'rescannedOn',
        'exception',
      ),
    ),
  }),
  judge: ({ vulnerabilities }, { today }) => {
    const faults = vulnerabilities.flatMap((each) => {
      const { id, severity, foundOn, owner, dueOn, closedOn, rescannedOn, exception } = each;
      const limit = DEADLINE[severity];
      const ended = closedOn ?? today.toISOString();
      const excepted = exception !== undefined && days(today, exception.until) >= 0;
      const found: readonly (readonly [string, boolean, string])[] = [
        ['TRACKED', owner === '', `${id} has no owner`],
        [
          'DEADLINE',
          limit !== undefined && days(foundOn, dueOn) > limit,
          `${id} (${severity}) is due after ${limit} days`,
        ],
        [
          'DEADLINE',
          limit !== undefined && !excepted && days(foundOn, ended) > limit,
          `${id} (${severity}) is past ${limit} days`,
        ],
        ['EXCEPTION', exception?.interimMitigation === '', `${id} is excepted without an interim mitigation`],
        [
          'RESCAN',
          closedOn !== undefined && (rescannedOn ?? '') < closedOn,
          `${id} was not scanned again after the fix`,
        ],
      ];
      return found
        .filter(([, wrong]) => wrong)
        .map(([of, , fault]) => [`PRACTICE-VULNERABILITY-${of}`, fault] as const);
    });
    return tagged(faults, `${vulnerabilities.length} vulnerabilities, each in time, owned and confirmed`);
  },
});

interface Handling {
  readonly certificates: readonly {
    readonly name: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly rotatedOn: string;
    readonly selfSigned: boolean;
    readonly justification?: string;
    readonly keyMade: string;
    readonly revocationChecked: boolean;
    readonly renewal: string;
  }[];
}
export const certificateHandling = kind<Handling>({
  id: 'certificate-handling',
  title: 'How certificates and keys are made, kept, rotated and checked',
  made: 'the inventory: {"certificates":[{"name","notBefore","notAfter","rotatedOn","selfSigned","keyMade","revocationChecked","renewal"}]}',
  requirements: [
    'PRACTICE-SHORT-LIFESPAN',
    'PRACTICE-ROTATION',
    'PRACTICE-NO-SELF-SIGNED',
    'PRACTICE-LOCAL-KEYS',
    'PRACTICE-RENEWAL-AUTOMATED',
    'PRACTICE-REVOCATION-CHECKED',
  ],
  threshold:
    'rotated at least quarterly, none self-signed or expired unless justified, keys made locally and only the request sent, revocation checked (security practices 2)',
  freshDays: 31,
  format: 'json',
  schema: object({
    certificates: some(
      object(
        {
          name: text,
          notBefore: when,
          notAfter: when,
          rotatedOn: when,
          selfSigned: flag,
          justification: text,
          keyMade: { enum: ['locally', 'elsewhere'] },
          revocationChecked: flag,
          renewal: { enum: ['automated', 'manual'] },
        },
        'justification',
      ),
    ),
  }),
  judge: ({ certificates }, { today }) => {
    const faults = certificates.flatMap((each) => {
      const { name, justification } = each;
      const found: readonly (readonly [string, boolean, string])[] = [
        ['NO-SELF-SIGNED', days(today, each.notAfter) < 0 && !justification, `${name} has expired`],
        ['NO-SELF-SIGNED', each.selfSigned && !justification, `${name} is self-signed`],
        [
          'ROTATION',
          days(each.rotatedOn, today) > 92,
          `${name} was rotated on ${each.rotatedOn.slice(0, 10)}`,
        ],
        ['SHORT-LIFESPAN', days(each.notBefore, each.notAfter) > 398, `${name} lives longer than 398 days`],
        ['LOCAL-KEYS', each.keyMade === 'elsewhere', `the key of ${name} travelled`],
        ['REVOCATION-CHECKED', !each.revocationChecked, `revocation of the peers of ${name} is not checked`],
        ['RENEWAL-AUTOMATED', each.renewal === 'manual', `${name} is renewed by hand`],
      ];
      return found.filter(([, wrong]) => wrong).map(([of, , fault]) => [`PRACTICE-${of}`, fault] as const);
    });
    return tagged(faults, `${certificates.length} certificates kept as the practices say`);
  },
});

interface Registry {
  readonly registry: string;
  readonly entries: readonly {
    readonly artefact: string;
    readonly version: string;
    readonly at: string;
    readonly attached: boolean;
  }[];
}
export const sbomRegistry = kind<Registry>({
  id: 'sbom-registry',
  title: 'The SBOMs in the registry of the organisation',
  made: 'the query: {"registry","entries":[{"artefact","version","at","attached"}]}',
  requirements: ['PRACTICE-SBOM-REGISTRY', 'PRACTICE-SBOM-ATTACHED'],
  threshold: 'an entry for the version deployed, attached to its artefact (security practices 3)',
  freshDays: 92,
  format: 'json',
  schema: object({
    registry: text,
    entries: some(object({ artefact: text, version: text, at: when, attached: flag })),
  }),
  judge: ({ registry, entries }, { version }) => {
    if (version === undefined)
      return open('the subject file does not say which version is deployed (`version`)');
    const own = entries.filter((each) => each.version === version);
    if (own.length === 0) return fail(`${registry} has no SBOM of ${version}`);
    return none(
      own.filter(({ attached }) => !attached).map(({ artefact }) => artefact),
      `${own.length} SBOMs of ${version} in ${registry}`,
      'not attached',
    );
  },
});

interface Licences {
  readonly policy: { readonly allowed: readonly string[] };
  readonly findings: readonly {
    readonly component: string;
    readonly licence: string;
    readonly decision: string;
  }[];
}
export const licences = kind<Licences>({
  id: 'licence-findings',
  title: 'Licences of the components',
  made: 'the licence report: {"policy":{"allowed":[…]},"findings":[{"component","licence","decision"}]}',
  requirements: ['PRACTICE-LICENCES'],
  threshold: 'every licence allowed, or decided upon (security practices 3)',
  freshDays: 92,
  format: 'json',
  schema: object({
    policy: object({ allowed: some(text) }),
    findings: any(object({ component: text, licence: text, decision: { type: 'string' } })),
  }),
  judge: ({ policy, findings }) =>
    none(
      findings
        .filter(({ licence, decision }) => !policy.allowed.includes(licence) && decision === '')
        .map(({ component, licence }) => `${component} (${licence})`),
      `${findings.length} licences, each allowed or decided upon`,
      'undecided',
    ),
});
