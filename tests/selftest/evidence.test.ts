import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { judgeAttestation, type Attestation } from '../evidence/attestation.ts';
import { kindNamed, kinds } from '../evidence/index.ts';
import { judgeEvidence } from '../evidence/judge.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { showEvidence, waiting, type EvidenceFields } from '../run/exhibits.ts';
import { scope } from '../run/scope.ts';
import { assemble, rejudge, type RunRecord } from '../run/record.ts';
import { checkRecord } from '../run/record-schema.ts';
import type { Facts } from '../evidence/kind.ts';

/** Samples of good and bad for each kind, made for this test. A table, hence its length. */

const TODAY = '2026-11-24';
const facts: Facts = { today: new Date(`${TODAY}T12:00:00Z`), account: '111122223333', version: '1.4.0' };
const EXPORTED = '2026-11-23';
const arn = (name: string, account = '111122223333'): string =>
  `arn:aws:kms:eu-west-2:${account}:key/${name}`;
const sha = (letter: string): string => letter.repeat(64);
const commit = 'a'.repeat(40);

interface Sample {
  readonly good: unknown;
  /** Changes of the good one, each a defect: what it says then. */
  readonly bad: readonly (readonly [change: object, outcome: 'fail' | 'inconclusive', says: RegExp])[];
}

const permission = (more: object) => ({ IpProtocol: 'tcp', IpRanges: [{ CidrIp: '0.0.0.0/0' }], ...more });
const vulnerability = {
  id: 'V-1',
  severity: 'critical',
  foundOn: '2026-11-01',
  owner: 'A. Tester',
  dueOn: '2026-11-15',
  closedOn: '2026-11-10',
  rescannedOn: '2026-11-11',
};
const certificate = {
  name: 'api',
  notBefore: '2026-10-01',
  notAfter: '2027-01-01',
  rotatedOn: '2026-10-01',
  selfSigned: false,
  keyMade: 'locally',
  revocationChecked: true,
  renewal: 'automated',
};
const attempt = { from: 'test', to: 'prod', action: 'dynamodb:GetItem', decision: 'denied', logged: true };
const finding = { id: 'F-1', severity: 'critical', status: 'fixed' };

const samples: Readonly<Record<string, Sample>> = {
  'security-groups': {
    good: {
      SecurityGroups: [
        {
          GroupId: 'sg-1',
          OwnerId: '111122223333',
          IpPermissions: [permission({ FromPort: 443, ToPort: 443 })],
        },
      ],
    },
    bad: [
      [
        { SecurityGroups: [{ GroupId: 'sg-2', IpPermissions: [permission({ FromPort: 22, ToPort: 22 })] }] },
        'fail',
        /beyond 443: sg-2/,
      ],
      [
        {
          SecurityGroups: [{ GroupId: 'sg-3', IpPermissions: [permission({ FromPort: 443, ToPort: 8443 })] }],
        },
        'fail',
        /sg-3/,
      ],
      [
        {
          SecurityGroups: [
            { GroupId: 'sg-4', IpPermissions: [{ IpProtocol: '-1', Ipv6Ranges: [{ CidrIpv6: '::/0' }] }] },
          ],
        },
        'fail',
        /sg-4/,
      ],
      [{ NextToken: 'x' }, 'inconclusive', /truncated/],
      [{ SecurityGroups: [] }, 'inconclusive', /\/SecurityGroups must NOT have fewer than 1/],
      [
        { SecurityGroups: [{ GroupId: 'sg-1', OwnerId: '999900001111', IpPermissions: [] }] },
        'inconclusive',
        /account 999900001111/,
      ],
    ],
  },
  'storage-encryption': {
    good: {
      ComplianceByConfigRules: [
        'encrypted-volumes',
        'rds-storage-encrypted',
        's3-bucket-server-side-encryption-enabled',
      ].map((ConfigRuleName) => ({ ConfigRuleName, Compliance: { ComplianceType: 'COMPLIANT' } })),
    },
    bad: [
      [
        {
          ComplianceByConfigRules: [
            'encrypted-volumes',
            'rds-storage-encrypted',
            's3-bucket-server-side-encryption-enabled',
          ].map((ConfigRuleName, at) => ({
            ConfigRuleName,
            Compliance: { ComplianceType: at === 1 ? 'NON_COMPLIANT' : 'COMPLIANT' },
          })),
        },
        'fail',
        /rds-storage-encrypted/,
      ],
      [
        {
          ComplianceByConfigRules: [
            { ConfigRuleName: 'encrypted-volumes', Compliance: { ComplianceType: 'COMPLIANT' } },
          ],
        },
        'inconclusive',
        /does not look at rds-storage-encrypted/,
      ],
      [{ NextToken: 'x' }, 'inconclusive', /truncated/],
    ],
  },
  'key-rotation': {
    good: {
      keys: [{ Arn: arn('1'), KeyRotationEnabled: true, rotatedOn: '2026-06-01', unauthorisedAccess: 0 }],
    },
    bad: [
      [{ keys: [{ Arn: arn('2'), KeyRotationEnabled: false, unauthorisedAccess: 0 }] }, 'fail', /key\/2/],
      [{ keys: [{ Arn: arn('3'), KeyRotationEnabled: true, unauthorisedAccess: 2 }] }, 'fail', /key\/3/],
      [
        {
          keys: [{ Arn: arn('4'), KeyRotationEnabled: true, rotatedOn: '2025-06-01', unauthorisedAccess: 0 }],
        },
        'fail',
        /key\/4/,
      ],
      [{ keys: [] }, 'inconclusive', /fewer than 1/],
      [
        { keys: [{ Arn: arn('5', '999900001111'), KeyRotationEnabled: true, unauthorisedAccess: 0 }] },
        'inconclusive',
        /account 999900001111, not of 111122223333/,
      ],
    ],
  },
  'access-analyzer': {
    good: {
      findings: [{ id: 'f', status: 'ARCHIVED' }],
      policies: [
        {
          name: 'read',
          document: { Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: arn('bucket') }] },
        },
      ],
    },
    bad: [
      [{ findings: [{ id: 'f', status: 'ACTIVE' }] }, 'fail', /active findings: f/],
      [
        {
          policies: [
            { name: 'all', document: { Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: 'x' }] } },
          ],
        },
        'fail',
        /wildcards in all/,
      ],
      [
        {
          policies: [
            { name: 'every', document: { Statement: [{ Effect: 'Allow', Action: 'a:B', Resource: ['*'] }] } },
          ],
        },
        'fail',
        /wildcards in every/,
      ],
      [{ policies: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'console-access': {
    good: {
      Events: [{ EventName: 'ConsoleLogin', Username: 'ann', EventTime: '2026-11-20T10:00:00Z' }],
      approvals: [
        { username: 'ann', from: '2026-11-20T09:00:00Z', until: '2026-11-20T12:00:00Z', reference: 'CHG-1' },
      ],
      window: { from: '2026-11-01', until: '2026-11-23' },
    },
    bad: [
      [{ approvals: [] }, 'fail', /without approval: ann/],
      [
        { Events: [{ EventName: 'ConsoleLogin', Username: 'ann', EventTime: '2026-11-20T12:30:00Z' }] },
        'fail',
        /without approval/,
      ],
      [{ window: { from: '2026-11-20', until: '2026-11-23' } }, 'inconclusive', /shorter than a week/],
      [{ NextToken: 'x' }, 'inconclusive', /truncated/],
    ],
  },
  'cross-environment': {
    good: { attempts: [attempt] },
    bad: [
      [{ attempts: [{ ...attempt, decision: 'allowed' }] }, 'fail', /GetItem from test to prod/],
      [{ attempts: [{ ...attempt, logged: false }] }, 'fail', /not logged/],
      [{ attempts: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  segmentation: {
    good: { attempts: [attempt] },
    bad: [[{ attempts: [{ ...attempt, decision: 'allowed' }] }, 'fail', /not denied/]],
  },
  'port-scan': {
    good: {
      scannedFrom: 'outside',
      open: [{ host: 'api.test', port: 443 }],
      approved: [{ host: 'api.test', port: 443 }],
    },
    bad: [
      [{ open: [{ host: 'api.test', port: 9229 }] }, 'fail', /api\.test:9229/],
      [{ open: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  sbom: {
    good: {
      bomFormat: 'CycloneDX',
      metadata: { timestamp: '2026-11-20T00:00:00Z', component: { name: 'api', version: '1.4.0' } },
      components: [{ name: 'jose', version: '6.0.0' }],
    },
    bad: [
      [
        { metadata: { timestamp: '2026-11-20T00:00:00Z', component: { name: 'api', version: '1.3.0' } } },
        'fail',
        /of 1\.3\.0, and 1\.4\.0 is deployed/,
      ],
      [{ components: [{ name: 'jose' }] }, 'fail', /without a version: jose/],
      [{ components: [] }, 'inconclusive', /fewer than 1/],
      [{ bomFormat: 'SPDX' }, 'inconclusive', /\/bomFormat/],
    ],
  },
  'vulnerability-scan': {
    good: {
      matches: [{ vulnerability: { id: 'CVE-1', severity: 'Low' }, artifact: { name: 'a', version: '1' } }],
      source: { target: 'x' },
      descriptor: { timestamp: '2026-11-22T00:00:00Z' },
    },
    bad: [
      [
        {
          matches: [
            { vulnerability: { id: 'CVE-2', severity: 'High' }, artifact: { name: 'a', version: '1' } },
          ],
        },
        'fail',
        /CVE-2 in a 1/,
      ],
      [{ descriptor: { timestamp: '2026-10-01T00:00:00Z' } }, 'inconclusive', /scanned on 2026-10-01/],
    ],
  },
  'container-scan': {
    good: { CreatedAt: '2026-11-22T00:00:00Z', ArtifactName: 'api:1.4.0', Results: [{ Target: 'debian' }] },
    bad: [
      [
        { Results: [{ Target: 'layer', Secrets: [{ RuleID: 'private-key', StartLine: 1 }] }] },
        'fail',
        /private-key in layer/,
      ],
      [
        {
          Results: [
            { Target: 'debian', Vulnerabilities: [{ VulnerabilityID: 'CVE-3', Severity: 'CRITICAL' }] },
          ],
        },
        'fail',
        /CVE-3/,
      ],
      [{ Results: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'secret-scan': {
    good: {
      coverage: { shallow: false, logOpts: '--all', commitsScanned: 120, commitsInRepository: 120 },
      leaks: [],
    },
    bad: [
      [
        { leaks: [{ RuleID: 'private-key', File: 'k.pem', Commit: commit }] },
        'fail',
        /private-key in k\.pem/,
      ],
      [
        { coverage: { shallow: true, logOpts: '--all', commitsScanned: 1, commitsInRepository: 1 } },
        'inconclusive',
        /shallow/,
      ],
      [
        { coverage: { shallow: false, logOpts: '--all', commitsScanned: 100, commitsInRepository: 120 } },
        'inconclusive',
        /100 of 120/,
      ],
      [
        { coverage: { shallow: false, logOpts: 'main', commitsScanned: 120, commitsInRepository: 120 } },
        'inconclusive',
        /every branch/,
      ],
    ],
  },
  'secret-inventory': {
    good: { secrets: [{ ARN: arn('s') }], used: [arn('s')] },
    bad: [
      [{ used: [arn('s'), arn('t')] }, 'fail', /not in the store: .*key\/t/],
      [{ NextToken: 'x' }, 'inconclusive', /truncated/],
      [{ used: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'log-redaction': {
    good: {
      scanned: { lines: 9000, from: '2026-11-01', until: '2026-11-23' },
      patterns: ['private-key', 'jwt'],
      hits: [],
    },
    bad: [
      [{ hits: [{ pattern: 'jwt', where: 'app.log:7' }] }, 'fail', /jwt at app\.log:7/],
      [{ scanned: { lines: 0, from: '2026-11-01', until: '2026-11-23' } }, 'inconclusive', /no line/],
    ],
  },
  'release-gate': {
    good: {
      releases: [
        { version: '1.4.0', at: '2026-11-20', critical: 0, decision: 'released', reports: ['grype.json'] },
      ],
    },
    bad: [
      [
        {
          releases: [
            { version: '1.4.0', at: '2026-11-20', critical: 1, decision: 'released', reports: ['r'] },
          ],
        },
        'fail',
        /1\.4\.0/,
      ],
      [
        {
          releases: [{ version: '1.4.0', at: '2026-11-20', critical: 0, decision: 'released', reports: [] }],
        },
        'fail',
        /without reports/,
      ],
      [
        {
          releases: [
            { version: '1.3.0', at: '2026-11-20', critical: 0, decision: 'released', reports: ['r'] },
          ],
        },
        'inconclusive',
        /how 1\.4\.0/,
      ],
    ],
  },
  'deployment-provenance': {
    good: {
      deployments: [
        { id: 'D-1', at: '2026-11-20', actor: 'ann', commit, signed: true, provenance: 'slsa.json' },
      ],
    },
    bad: [
      [
        {
          deployments: [
            { id: 'D-2', at: '2026-11-20', actor: 'root', commit, signed: true, provenance: 'x' },
          ],
        },
        'fail',
        /D-2/,
      ],
      [
        {
          deployments: [
            { id: 'D-3', at: '2026-11-20', actor: 'ann', commit, signed: false, provenance: 'x' },
          ],
        },
        'fail',
        /D-3/,
      ],
      [{ deployments: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'checksum-manifests': {
    good: {
      transfers: [{ id: 'T-1', at: '2026-11-20', sent: sha('a'), received: sha('a'), transport: 'https' }],
    },
    bad: [
      [
        {
          transfers: [
            { id: 'T-2', at: '2026-11-20', sent: sha('a'), received: sha('b'), transport: 'https' },
          ],
        },
        'fail',
        /T-2/,
      ],
      [
        {
          transfers: [{ id: 'T-3', at: '2026-11-20', sent: sha('a'), received: sha('a'), transport: 'ftp' }],
        },
        'fail',
        /T-3/,
      ],
      [{ transfers: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  benchmark: {
    good: {
      cis: { benchmark: 'CIS AWS 3.0', passed: 97, failed: 3 },
      asvs: [
        { level: 1, passed: 100, failed: 0 },
        { level: 2, passed: 80, failed: 0 },
      ],
      high: [{ id: 'H-1', status: 'excepted', exception: 'EXC-1' }],
    },
    bad: [
      [{ cis: { benchmark: 'CIS AWS 3.0', passed: 94, failed: 6 } }, 'fail', /94\.0%/],
      [{ high: [{ id: 'H-2', status: 'open' }] }, 'fail', /H-2/],
      [{ high: [{ id: 'H-3', status: 'excepted' }] }, 'fail', /H-3/],
      [{ asvs: [{ level: 1, passed: 100, failed: 0 }] }, 'inconclusive', /level 2/],
      [
        {
          asvs: [
            { level: 1, passed: 99, failed: 1 },
            { level: 2, passed: 80, failed: 0 },
          ],
        },
        'fail',
        /level 1 fail/,
      ],
      [{ cis: { benchmark: 'CIS', passed: 0, failed: 0 } }, 'inconclusive', /no CIS control/],
    ],
  },
  'certificate-inventory': {
    good: {
      certificates: [{ name: 'api', notAfter: '2027-02-01', alarmDays: 30 }],
      alarmTest: { on: '2026-05-01', fired: true },
      lastRenewal: { on: '2026-10-01', downtimeSeconds: 0 },
    },
    bad: [
      [{ certificates: [{ name: 'old', notAfter: '2027-02-01', alarmDays: 7 }] }, 'fail', /old/],
      [{ certificates: [{ name: 'gone', notAfter: '2026-02-01', alarmDays: 30 }] }, 'fail', /gone/],
      [{ alarmTest: { on: '2026-05-01', fired: false } }, 'fail', /did not fire/],
      [{ alarmTest: { on: '2025-05-01', fired: true } }, 'inconclusive', /last tested on 2025-05-01/],
      [{ lastRenewal: { on: '2026-10-01', downtimeSeconds: 4 } }, 'fail', /4 s of downtime/],
    ],
  },
  'role-listing': {
    good: {
      utilities: [{ utility: 'ssm', role: 'ops', members: ['ann'] }],
      approved: [{ role: 'ops', members: ['ann', 'bob'] }],
    },
    bad: [
      [{ utilities: [{ utility: 'ssm', role: 'ops', members: ['eve'] }] }, 'fail', /eve \(ssm\)/],
      [{ approved: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'token-failure-metrics': {
    good: {
      window: { from: '2026-11-01', until: '2026-11-23' },
      metrics: [{ name: 'token.invalid', sum: 12 }],
      alarm: { perPrincipalPerMinute: 5, testedOn: '2026-09-01', fired: true },
      jwksCache: { maxAgeSeconds: 3600, refreshes: 500 },
    },
    bad: [
      [{ alarm: { perPrincipalPerMinute: 50, testedOn: '2026-09-01', fired: true } }, 'fail', /set at 50/],
      [{ jwksCache: { maxAgeSeconds: 3600, refreshes: 0 } }, 'fail', /never refreshed/],
      [
        { alarm: { perPrincipalPerMinute: 5, testedOn: '2026-09-01', fired: false } },
        'inconclusive',
        /seen to fire/,
      ],
      [
        { window: { from: '2026-11-23T01:00:00Z', until: '2026-11-23T02:00:00Z' } },
        'inconclusive',
        /shorter than a day/,
      ],
    ],
  },
  'well-architected': {
    good: {
      workload: 'ftrs',
      pillar: 'security',
      riskCounts: { HIGH: 0, MEDIUM: 1, UNANSWERED: 0 },
      milestone: { name: 'Q3', recordedAt: '2026-09-01' },
      actions: [{ id: 'A-1', owner: 'ann', ticket: 'T-1' }],
    },
    bad: [
      [{ riskCounts: { HIGH: 1, MEDIUM: 0, UNANSWERED: 0 } }, 'fail', /1 high risks/],
      [{ riskCounts: { HIGH: 0, MEDIUM: 3, UNANSWERED: 0 } }, 'fail', /3 medium risks and 1 actions/],
      [{ actions: [{ id: 'A-2', owner: '', ticket: 'T' }] }, 'fail', /A-2/],
      [{ riskCounts: { HIGH: 0, MEDIUM: 0, UNANSWERED: 4 } }, 'inconclusive', /4 questions/],
      [{ milestone: { name: 'Q1', recordedAt: '2025-01-01' } }, 'inconclusive', /last reviewed/],
    ],
  },
  'supplier-audit': {
    good: {
      suppliers: [
        { name: 'Hosting Ltd', auditedOn: '2026-03-01', until: '2027-03-01', by: 'Auditor', reference: 'R' },
      ],
    },
    bad: [
      [
        {
          suppliers: [
            { name: 'Old Ltd', auditedOn: '2024-03-01', until: '2025-03-01', by: 'A', reference: 'R' },
          ],
        },
        'fail',
        /Old Ltd/,
      ],
      [{ suppliers: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'penetration-test': {
    good: {
      goLive: '2026-10-01',
      perimeterChanges: ['2026-01-01'],
      tests: [{ on: '2026-09-01', by: 'Testers Ltd', independent: true, findings: [finding] }],
    },
    bad: [
      [{ tests: [{ on: '2026-09-01', by: 'us', independent: false, findings: [] }] }, 'fail', /independent/],
      [
        { tests: [{ on: '2025-09-01', by: 'T', independent: true, findings: [] }] },
        'fail',
        /last test was on/,
      ],
      [{ perimeterChanges: ['2026-10-15'] }, 'fail', /perimeter changed on 2026-10-15/],
      [{ goLive: '2026-08-01' }, 'fail', /before going live/],
      [
        {
          tests: [
            { on: '2026-09-01', by: 'T', independent: true, findings: [{ ...finding, status: 'open' }] },
          ],
        },
        'fail',
        /F-1/,
      ],
      [{ tests: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'latency-comparison': {
    good: {
      sla: { p95: 300 },
      withControls: { requests: 1000, p95: 250 },
      without: { requests: 1000, p95: 200 },
    },
    bad: [
      [{ withControls: { requests: 1000, p95: 350 } }, 'fail', /350 ms, agreed 300 ms/],
      [{ without: { requests: 10, p95: 200 } }, 'inconclusive', /fewer than 100/],
    ],
  },
  'threat-model': {
    good: {
      reviewedOn: '2026-11-01',
      lastArchitecturalChange: '2026-10-01',
      diagram: 'dfd.svg',
      threats: [{ id: 'T1', stride: 'spoofing', likelihood: 'low', impact: 'high', mitigation: 'mTLS' }],
    },
    bad: [
      [{ lastArchitecturalChange: '2026-11-10' }, 'fail', /changed on 2026-11-10/],
      [
        { threats: [{ id: 'T2', stride: 'tampering', likelihood: 'low', impact: 'high', mitigation: '' }] },
        'fail',
        /T2/,
      ],
      [{ threats: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'vulnerability-register': {
    good: { vulnerabilities: [vulnerability] },
    bad: [
      [{ vulnerabilities: [{ ...vulnerability, owner: '' }] }, 'fail', /no owner/],
      [{ vulnerabilities: [{ ...vulnerability, dueOn: '2026-12-15' }] }, 'fail', /due after 14 days/],
      [
        { vulnerabilities: [{ ...vulnerability, closedOn: '2026-11-20', rescannedOn: '2026-11-21' }] },
        'fail',
        /past 14/,
      ],
      [{ vulnerabilities: [{ ...vulnerability, rescannedOn: '2026-11-09' }] }, 'fail', /not scanned again/],
      [
        {
          vulnerabilities: [
            { ...vulnerability, exception: { approvedBy: 'B', until: '2027-01-01', interimMitigation: '' } },
          ],
        },
        'fail',
        /interim mitigation/,
      ],
    ],
  },
  'certificate-handling': {
    good: { certificates: [certificate] },
    bad: [
      [{ certificates: [{ ...certificate, notAfter: '2026-11-01' }] }, 'fail', /has expired/],
      [{ certificates: [{ ...certificate, selfSigned: true }] }, 'fail', /self-signed/],
      [{ certificates: [{ ...certificate, rotatedOn: '2026-06-01' }] }, 'fail', /rotated on 2026-06-01/],
      [{ certificates: [{ ...certificate, notAfter: '2029-01-01' }] }, 'fail', /398 days/],
      [{ certificates: [{ ...certificate, keyMade: 'elsewhere' }] }, 'fail', /travelled/],
      [{ certificates: [{ ...certificate, revocationChecked: false }] }, 'fail', /not checked/],
      [{ certificates: [{ ...certificate, renewal: 'manual' }] }, 'fail', /by hand/],
      [{ certificates: [] }, 'inconclusive', /fewer than 1/],
    ],
  },
  'sbom-registry': {
    good: {
      registry: 'https://sbom.test',
      entries: [{ artefact: 'api', version: '1.4.0', at: '2026-11-20', attached: true }],
    },
    bad: [
      [
        { entries: [{ artefact: 'api', version: '1.3.0', at: '2026-11-20', attached: true }] },
        'fail',
        /no SBOM of 1\.4\.0/,
      ],
      [
        { entries: [{ artefact: 'api', version: '1.4.0', at: '2026-11-20', attached: false }] },
        'fail',
        /not attached/,
      ],
    ],
  },
  'licence-findings': {
    good: {
      policy: { allowed: ['MIT'] },
      findings: [
        { component: 'a', licence: 'MIT', decision: '' },
        { component: 'b', licence: 'GPL-3.0', decision: 'LEG-1: build tool only' },
      ],
    },
    bad: [
      [{ findings: [{ component: 'c', licence: 'AGPL-3.0', decision: '' }] }, 'fail', /c \(AGPL-3\.0\)/],
      [{ policy: { allowed: [] } }, 'inconclusive', /fewer than 1/],
    ],
  },
};

const judged = (id: string, content: unknown, more: { exported?: string; text?: string } = {}) => {
  const kind = kindNamed(id);
  assert.ok(kind, id);
  return judgeEvidence(
    kind,
    { text: more.text ?? JSON.stringify(content), exported: more.exported ?? EXPORTED },
    facts,
  );
};

for (const [id, { good, bad }] of Object.entries(samples)) {
  describe(id, () => {
    test('good', () => assert.equal(judged(id, good).outcome, 'pass', judged(id, good).because));
    for (const [change, outcome, says] of bad) {
      test(`${outcome}: ${says.source}`, () => {
        const judgement = judged(id, { ...(good as object), ...change });
        assert.equal(judgement.outcome, outcome, judgement.because);
        assert.match(judgement.because, says);
      });
    }
    test('stale, of the future, cut short, empty: nothing is shown', () => {
      const kind = kindNamed(id);
      const old = new Date(facts.today.getTime() - ((kind?.freshDays ?? 0) + 2) * 86_400_000);
      const whole = JSON.stringify(good);
      for (const more of [
        { exported: old.toISOString().slice(0, 10) },
        { exported: '2026-11-30' },
        { text: whole.slice(0, -9) },
        { text: '' },
        { text: '{}' },
        { text: '[]' },
        { text: 'null' },
      ]) {
        assert.equal(judged(id, good, more).outcome, 'inconclusive', JSON.stringify(more));
      }
    });
  });
}

describe('credential-report', () => {
  const head =
    'user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_2_active,access_key_2_last_rotated';
  const root =
    '<root_account>,arn:aws:iam::111122223333:root,2020-01-01,not_supported,true,false,N/A,false,N/A';
  const user = (fields: string): string => `ann,arn:aws:iam::111122223333:user/ann,2024-01-01,${fields}`;
  const table: readonly (readonly [title: string, rows: readonly string[], outcome: string, says: RegExp])[] =
    [
      ['good', [root, user('true,true,true,2026-10-01T00:00:00+00:00,false,N/A')], 'pass', /2 identities/],
      ['no MFA', [root, user('true,false,false,N/A,false,N/A')], 'fail', /: ann/],
      ['an old key', [root, user('false,false,true,2026-01-01T00:00:00+00:00,false,N/A')], 'fail', /: ann/],
      [
        'an old second key',
        [root, user('false,false,false,N/A,true,2026-01-01T00:00:00+00:00')],
        'fail',
        /: ann/,
      ],
      ['a root key', [root.replace('true,false,N/A', 'true,true,2026-11-01')], 'fail', /<root_account>/],
      ['no root row', [user('true,true,false,N/A,false,N/A')], 'inconclusive', /not whole/],
      ['a row cut short', [root, 'ann,arn'], 'inconclusive', /no CSV, or cut short/],
      ['nobody', [], 'inconclusive', /fewer than 1/],
      [
        'another account',
        [root.replace('111122223333', '999900001111')],
        'inconclusive',
        /account 999900001111/,
      ],
    ];
  for (const [title, rows, outcome, says] of table) {
    test(title, () => {
      const judgement = judged('credential-report', undefined, { text: [head, ...rows].join('\n') });
      assert.equal(judgement.outcome, outcome, judgement.because);
      assert.match(judgement.because, says);
    });
  }
});

describe('attestation', () => {
  const good: Attestation = {
    requirement: 'SEC-018',
    by: 'A. Tester',
    role: 'Security lead',
    statement: 'The suppliers were audited.',
    on: '2026-05-01',
    until: '2027-05-01',
  };
  const table: readonly (readonly [title: string, change: Partial<Attestation>, outcome: string])[] = [
    ['good', {}, 'pass'],
    ['on its last day', { until: TODAY }, 'pass'],
    ['expired', { until: '2026-11-23' }, 'fail'],
    ['of the future', { on: '2026-12-01' }, 'inconclusive'],
    ['that ends before it begins', { on: '2026-05-01', until: '2026-04-01' }, 'inconclusive'],
    ['for ever', { until: '2036-01-01' }, 'inconclusive'],
  ];
  for (const [title, change, outcome] of table) {
    test(title, () => assert.equal(judgeAttestation({ ...good, ...change }, facts).outcome, outcome));
  }
});

test('a failure is about the practices that it names, and no other', () => {
  const register = judged('vulnerability-register', { vulnerabilities: [{ ...vulnerability, owner: '' }] });
  assert.deepEqual(register.about, ['PRACTICE-VULNERABILITY-TRACKED']);
  const model = judged('threat-model', {
    ...(samples['threat-model']?.good as object),
    lastArchitecturalChange: '2026-11-10',
  });
  assert.deepEqual(model.about, ['PRACTICE-THREAT-REVIEWED']);
});
test('what a scan finds does not gainsay that somebody scans', () => {
  for (const [id, about] of [
    ['vulnerability-scan', 'SEC-027'],
    ['container-scan', 'SEC-030'],
  ] as const) {
    const failing = samples[id]?.bad.find(([, outcome]) => outcome === 'fail');
    const found = failing && judged(id, { ...(samples[id]?.good as object), ...(failing[0] as object) });
    assert.deepEqual([found?.outcome, found?.about], ['fail', [about]], id);
  }
});

test('every kind has its samples', () => {
  const sampled = new Set([...Object.keys(samples), 'credential-report']);
  assert.deepEqual(
    kinds.map(({ id }) => id).filter((id) => !sampled.has(id)),
    [],
  );
});

describe('what a subject file names as evidence', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-evidence-'));
    await writeFile(join(folder, 'pentest.json'), JSON.stringify(samples['penetration-test']?.good));
  });
  after(() => rm(folder, { recursive: true }));

  const word = (requirement: string, change: Partial<Attestation> = {}): Attestation => ({
    requirement,
    by: 'A. Tester',
    role: 'Security lead',
    statement: 'It is so.',
    on: '2026-05-01',
    until: '2027-05-01',
    ...change,
  });
  const edition = gpconnect.editions[0];
  const shown = (fields: EvidenceFields) =>
    showEvidence(join(folder, 'subject.json'), fields, {
      profile: gpconnect,
      edition,
      allowPath: [],
      today: facts.today,
    });
  const attesting = async (...attestations: readonly Attestation[]) => {
    await writeFile(join(folder, 'attestations.json'), JSON.stringify({ attestations }));
    return shown({ attestations: { file: 'attestations.json' } });
  };
  const pentest = { file: 'pentest.json', exported: EXPORTED };

  test('a finding for each requirement that it decides, with the digest of the file', async () => {
    const { findings } = await shown({ files: { 'penetration-test': pentest } });
    assert.deepEqual(
      findings.map((each) => [each.case, each.level, each.outcome]),
      [
        ['evidence/penetration-test.gpc-sec-owasp-tested', 'SHALL', 'pass'],
        ['evidence/penetration-test.gpc-sec-dos-tested', 'SHOULD', 'pass'],
      ],
    );
    const [{ observation } = { observation: undefined }] = findings;
    assert.ok(observation?.kind === 'evidence' && /^sha256:[0-9a-f]{64}$/.test(observation.digest));
    assert.equal(observation.file, 'pentest.json');
  });
  test('what was given waits no more; with everything given the scope is full', async () => {
    const clauses = scope(gpconnect, edition);
    const before = waiting(clauses, new Set()).map(({ requirement }) => requirement);
    const { given } = await shown({ files: { 'penetration-test': pentest } });
    const left = waiting(clauses, given).map(({ requirement }) => requirement);
    assert.deepEqual(
      before.filter((id) => !left.includes(id)),
      ['GPC-SEC-OWASP-TESTED', 'GPC-SEC-DOS-TESTED'],
    );
    const all = await attesting(...before.map((id) => word(id)));
    assert.deepEqual(waiting(clauses, all.given), []);
    const record = assemble([], {
      version: '0',
      profile: gpconnect,
      edition,
      subject: { url: 'https://provider.test/x' },
      started: facts.today,
      finished: facts.today,
      shown: all,
    });
    checkRecord(record);
    assert.deepEqual([record.scope, record.verdict, rejudge(record)], ['full', 'conformant', []]);
  });
  test('what is shown for a document that informs is noted, and decides the verdict of that document alone', async () => {
    const record = async (model: object) => {
      await writeFile(join(folder, 'model.json'), JSON.stringify(model));
      const given = await shown({ files: { 'threat-model': { file: 'model.json', exported: EXPORTED } } });
      const made = assemble([], {
        version: '0',
        profile: gpconnect,
        edition,
        subject: { url: 'https://provider.test/x' },
        started: facts.today,
        finished: facts.today,
        shown: given,
      });
      checkRecord(made);
      return made;
    };
    const practice = ({ documents }: RunRecord) => documents.find(({ id }) => id === 'practice');
    const good = samples['threat-model']?.good as object;
    const sound = await record(good);
    assert.deepEqual([practice(sound)?.verdict, practice(sound)?.informs], ['conformant', true]);
    assert.ok(sound.noted.some((each) => each.case === 'evidence/threat-model.practice-threat-reviewed'));
    assert.deepEqual(sound.findings, []);
    assert.ok(!sound.pending.some(({ requirement }) => requirement.startsWith('PRACTICE-')));
    assert.ok(sound.requirements.some(({ id }) => id === 'PRACTICE-THREAT-REVIEWED'));
    const stale = await record({ ...good, lastArchitecturalChange: '2026-11-10' });
    assert.equal(practice(stale)?.verdict, 'non-conformant');
    assert.equal(stale.verdict, sound.verdict);
    assert.deepEqual(rejudge(stale), []);
  });
  test('an attestation that has ended fails its requirement', async () => {
    const { findings } = await attesting(word('GPC-SEC-CERT-DIR', { on: '2024-05-01', until: '2025-05-01' }));
    assert.deepEqual([findings[0]?.outcome, findings[0]?.level], ['fail', 'SHALL']);
  });

  const refusals: readonly (readonly [title: string, run: () => Promise<unknown>, says: RegExp])[] = [
    [
      'a kind that there is none of',
      () => shown({ files: { pentest } }),
      /subject\.json#\/evidence\/files\/pentest: is no kind of evidence; known: .*penetration-test/,
    ],
    [
      'a kind that the profile does not ask for',
      () => shown({ files: { 'storage-encryption': pentest } }),
      /#\/evidence\/files\/storage-encryption: storage-encryption shows nothing that gpconnect asks for/,
    ],
    [
      'a file that is not there',
      () => shown({ files: { 'penetration-test': { ...pentest, file: 'absent.json' } } }),
      /#\/evidence\/files\/penetration-test\/file: "absent\.json" does not exist/,
    ],
    [
      'a file outside the folder',
      () => shown({ files: { 'penetration-test': { ...pentest, file: '../../etc/passwd' } } }),
      /leads out of the subject file's folder/,
    ],
    [
      'a requirement of another profile',
      () => attesting(word('SEC-018')),
      /attestations\.json#\/attestations\/0\/requirement: gpconnect has no requirement SEC-018/,
    ],
    [
      'a requirement that cases decide',
      () => attesting(word('GPC-SEC-TLS12')),
      /GPC-SEC-TLS12 is decided by cases, not by anybody's word/,
    ],
    [
      'an attestation by nobody',
      () => attesting({ ...word('GPC-SEC-CERT-DIR'), by: '' }),
      /attestations\.json#\/attestations\/0\/by: /,
    ],
  ];
  for (const [title, run, says] of refusals) test(title, () => assert.rejects(run, says));
});
