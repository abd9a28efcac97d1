import type { Document } from './requirement.ts';

const THREATS = '1. Threat Modelling';
const CERTIFICATES = '2. Certificate and Key Handling';
const SBOM = '3. Software Bill of Materials';
const VULNERABILITIES = '4. Vulnerability Management';

/** What no file shows: a person has to say so. */
const ATTESTED = new Set<string>([
  'PRACTICE-SOUND-TOOLS',
  'PRACTICE-VERIFIED-IN-USE',
  'PRACTICE-EPHEMERAL',
  'PRACTICE-VULNERABILITY-TRIAGED',
  'PRACTICE-VULNERABILITY-CLOSED',
]);

const entries = [
  {
    id: 'PRACTICE-THREAT-MODEL',
    section: THREATS,
    keyword: 'MUST',
    text: 'a threat model is on file, by STRIDE or the like',
  },
  {
    id: 'PRACTICE-THREAT-DIAGRAM',
    section: THREATS,
    keyword: 'MUST',
    text: 'data flow diagrams show entities, processes, stores and flows',
  },
  {
    id: 'PRACTICE-THREAT-RATED',
    section: THREATS,
    keyword: 'MUST',
    text: 'likelihood and impact of each threat are assessed',
  },
  {
    id: 'PRACTICE-THREAT-MITIGATED',
    section: THREATS,
    keyword: 'MUST',
    text: 'a control or design change is documented for each risk',
  },
  {
    id: 'PRACTICE-THREAT-REVIEWED',
    section: THREATS,
    keyword: 'MUST',
    text: 'revisited with every significant architectural or code change',
  },
  {
    id: 'PRACTICE-LEAST-PRIVILEGE',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'minimum permissions for keys and certificates, by audited roles',
  },
  {
    id: 'PRACTICE-SECRET-STORE',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'secrets are stored encrypted, in managed vaults where feasible',
  },
  {
    id: 'PRACTICE-SHORT-LIFESPAN',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'certificates and keys are short-lived',
  },
  {
    id: 'PRACTICE-ROTATION',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'certificates are rotated at least quarterly or by policy',
  },
  {
    id: 'PRACTICE-SOUND-TOOLS',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'keys and certificates are made with strong, well-reviewed tools',
  },
  {
    id: 'PRACTICE-LOCAL-KEYS',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'private keys are generated locally; only the CSR travels',
  },
  {
    id: 'PRACTICE-VERIFIED-IN-USE',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'the authenticity of a certificate is always verified when it is used',
  },
  {
    id: 'PRACTICE-NO-SELF-SIGNED',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'self-signed or expired certificates are rejected unless justified',
  },
  {
    id: 'PRACTICE-RENEWAL-AUTOMATED',
    section: CERTIFICATES,
    keyword: 'SHOULD',
    text: 'renewal is automated where possible',
  },
  {
    id: 'PRACTICE-REVOCATION-CHECKED',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'revocation is checked (CRL, OCSP)',
  },
  {
    id: 'PRACTICE-NO-KEYS-IN-SOURCE',
    section: CERTIFICATES,
    keyword: 'MUST NOT',
    text: 'keys hardcoded or committed to version control',
  },
  {
    id: 'PRACTICE-KEY-INVENTORY',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'key generation, usage and retirement are tracked in an inventory',
  },
  {
    id: 'PRACTICE-EPHEMERAL',
    section: CERTIFICATES,
    keyword: 'MUST',
    text: 'transient workflows fetch keys at run time and wipe them after use',
  },
  {
    id: 'PRACTICE-SBOM-PER-BUILD',
    section: SBOM,
    keyword: 'MUST',
    text: 'an SBOM for every built artefact, made anew when dependencies change',
  },
  {
    id: 'PRACTICE-SBOM-ATTACHED',
    section: SBOM,
    keyword: 'MUST',
    text: 'SBOMs are attached to artefacts and deployments',
  },
  {
    id: 'PRACTICE-SBOM-REGISTRY',
    section: SBOM,
    keyword: 'MUST',
    text: 'SBOMs are stored in a central, queryable place',
  },
  {
    id: 'PRACTICE-LICENCES',
    section: SBOM,
    keyword: 'MUST',
    text: 'licence risks and obligations are identified',
  },
  {
    id: 'PRACTICE-SCAN-DEPENDENCIES',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'dependencies are scanned in the pipeline',
  },
  {
    id: 'PRACTICE-SCAN-IMAGES',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'base images and OS packages are scanned in the pipeline',
  },
  {
    id: 'PRACTICE-MONITORING',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'new vulnerabilities of live systems are looked for regularly',
  },
  {
    id: 'PRACTICE-VULNERABILITY-TRIAGED',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'severity and exploitability of each are assessed where it is deployed',
  },
  {
    id: 'PRACTICE-VULNERABILITY-TRACKED',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'each vulnerability is logged with owner and deadline',
  },
  {
    id: 'PRACTICE-VULNERABILITY-DEADLINE',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'Critical is fixed in 14 days, High in 30',
  },
  {
    id: 'PRACTICE-VULNERABILITY-EXCEPTION',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'exceptions are risk-assessed, approved and have interim mitigations',
  },
  {
    id: 'PRACTICE-VULNERABILITY-RESCAN',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'a re-scan after remediation confirms the fix',
  },
  {
    id: 'PRACTICE-VULNERABILITY-CLOSED',
    section: VULNERABILITIES,
    keyword: 'MUST',
    text: 'closure of every ticket is tracked, and what is open stays visible in the pipeline',
  },
] as const;

/** The security practices: one entry a practice, each decided by what the team keeps. A table, hence its length. */
export const practice = {
  id: 'practice',
  title: 'Security practices',
  source:
    'Security practices for engineers: threat modelling, certificates and keys, SBOM, vulnerability management',
  requirements: entries.map((entry) => ({
    ...entry,
    decidedBy: ATTESTED.has(entry.id) ? ('attestation' as const) : ('evidence' as const),
    because: ATTESTED.has(entry.id)
      ? 'no file shows it: a person has to say so'
      : 'what the team keeps decides it',
  })),
} as const satisfies Document;
