import type { Document } from './requirement.ts';

/**
 * The security requirements of FtRS, SEC-001 to SEC-030, and SEC-031, which the source repository adds.
 * A code with no keyword of its own counts as MUST. A table, hence its length.
 */
export const ftrsSecurity = {
  id: 'ftrs-security',
  title: 'FtRS · Security NFRs',
  source:
    'FtRS security NFRs 1.1.0 (25 November 2025); NHSDigital/ftrs-directory-of-services, requirements/nfrs/security',
  requirements: [
    {
      id: 'SEC-001',
      section: '1. Overall Security',
      keyword: 'MUST',
      text: 'use NHSE approved cryptographic algorithms (GPG v4.0) for all encryption features',
    },
    {
      id: 'SEC-002',
      section: '1. Overall Security',
      keyword: 'MUST',
      text: 'align solution design with the security pillar of the cloud Well-Architected Framework',
      decidedBy: 'attestation',
      because: 'a review of the design decides it',
    },
    {
      id: 'SEC-003',
      section: '2. Data Security',
      keyword: 'MUST',
      text: 'encrypt data in transit (TLS1.2+, prefer TLS1.3) between all components',
    },
    {
      id: 'SEC-004',
      section: '2. Data Security',
      keyword: 'MUST',
      text: 'encrypt data at rest for all persistence layers',
      decidedBy: 'evidence',
      because: 'storage is not on the wire',
    },
    {
      id: 'SEC-005',
      section: '2. Data Security',
      keyword: 'MUST',
      text: 'enforce strict environment data isolation',
      because:
        'on the wire a token of another environment reads nothing, where `otherIssuer` is given; beside it, negative tests from inside the other environment decide it',
    },
    {
      id: 'SEC-006',
      section: '2. Data Security',
      keyword: 'MUST',
      text: 'disallow direct human access to production data stores',
      decidedBy: 'evidence',
      because: 'the audit trail of the account decides it',
    },
    {
      id: 'SEC-007',
      section: '3. Network Security',
      keyword: 'MUST',
      text: 'apply least-privilege firewall/security group rules per compute resource; deny by default',
      decidedBy: 'evidence',
      because: 'rules towards other networks are not seen from this one',
    },
    {
      id: 'SEC-008',
      section: '3. Network Security',
      keyword: 'MUST',
      text: 'secure all inbound/outbound connectivity; forbid broad subnet whitelists',
      because:
        'on the wire every open approved port speaks TLS, where `ports` is given; whitelists are not seen from outside: beside it, the rules of the account decide',
    },
    {
      id: 'SEC-009',
      section: '4. Application Security',
      keyword: 'MUST',
      text: 'implement OWASP ASVS L1+L2 controls where applicable; monitor CIS AWS benchmarks',
      decidedBy: 'evidence',
      because: 'checklist and benchmark reports decide it',
    },
    {
      id: 'SEC-010',
      section: '4. Application Security',
      keyword: 'MUST',
      text: 'perform an independent external penetration test annually and on significant perimeter change',
      decidedBy: 'attestation',
      because: 'a dated report decides that a test took place',
    },
    {
      id: 'SEC-011',
      section: '4. Application Security',
      keyword: 'MUST',
      text: 'security controls must not materially degrade legitimate user experience within agreed SLAs',
      because:
        'on the wire the valid exchange is timed with the controls and, where `unsecured` is given, without; beside it, the performance test decides',
    },
    {
      id: 'SEC-012',
      section: '4. Application Security',
      keyword: 'MUST',
      text: 'access to application resources via defined IAM policies for human and system identities',
      because:
        'on the wire each role is served what the policy says, where `roles` is given; beside it, the policies of the account decide',
    },
    {
      id: 'SEC-013',
      section: '5. Key Management',
      keyword: 'MUST',
      text: 'restrict cryptographic key access; secure generation, rotation, archival and deletion',
      decidedBy: 'evidence',
      because: 'the key store decides it',
    },
    {
      id: 'SEC-014',
      section: '6. Certificate Management',
      keyword: 'MUST',
      text: 'use certificates for mutual authentication between relevant FtRS resources',
    },
    {
      id: 'SEC-015',
      section: '6. Certificate Management',
      keyword: 'MUST',
      text: 'proactive certificate expiry alerting and a seamless renewal process',
      because:
        'read as 30 days left and more on the certificate shown, when its alarm is due; beside the wire, the inventory, the alarms and the last renewal decide it',
    },
    {
      id: 'SEC-016',
      section: '7. Infrastructure Access Management',
      keyword: 'MUST',
      text: 'infra resource access only via approved identities; MFA for privileged human roles',
      decidedBy: 'evidence',
      because: 'the identity provider decides it',
    },
    {
      id: 'SEC-017',
      section: '7. Infrastructure Access Management',
      keyword: 'MUST',
      text: 'authentication uses centrally governed identities; no long-lived unmanaged credentials',
      decidedBy: 'evidence',
      because: 'credential inventory and secret scan decide it',
    },
    {
      id: 'SEC-018',
      section: '8. Supplier Security',
      keyword: 'MUST',
      text: 'supplier-controlled networks/services protected from external access',
      decidedBy: 'attestation',
      because: "the supplier's audit decides it",
    },
    {
      id: 'SEC-019',
      section: '8. Supplier Security',
      keyword: 'MUST',
      text: 'logical separation between Authority workloads and other supplier customers',
      because:
        'on the wire a token or a client certificate of one tenant reads nothing of the other, where `tenants` is given; beside it, segmentation tests from inside decide',
    },
    {
      id: 'SEC-020',
      section: '8. Supplier Security',
      keyword: 'MUST',
      text: 'authenticate remote server/app connections using Authority-issued digital certificates',
    },
    {
      id: 'SEC-021',
      section: '8. Supplier Security',
      keyword: 'MUST',
      text: 'secure diagnostic ports/tools under joint Security Policies',
      because:
        'on the wire no usual port is open but the approved ones, where `ports` is given; beside it, a scan of every port decides',
    },
    {
      id: 'SEC-022',
      section: '8. Supplier Security',
      keyword: 'MUST',
      text: 'restrict access to system utility programmes to approved entities only',
      decidedBy: 'attestation',
      because: 'the role listing decides it',
    },
    {
      id: 'SEC-023',
      section: '8. Supplier Security',
      keyword: 'MUST',
      text: 'distribute and execute applications under unique traceable user accounts; block unapproved code execution',
      decidedBy: 'evidence',
      because: 'the audit of deployments decides it',
    },
    {
      id: 'SEC-024',
      section: '8. Supplier Security',
      keyword: 'MUST',
      text: 'secure code and data handling during transfer across supplier systems',
      because:
        'on the wire the transfer endpoint takes TLS 1.2 and 1.3 alone, where `transfer` is given; beside it, checksums at both ends decide',
    },
    {
      id: 'SEC-025',
      section: '9. Patient Identifiable Data',
      keyword: 'MUST',
      text: 'encrypt PID in transit with mutual authentication unless formally excepted',
    },
    {
      id: 'SEC-026',
      section: '9. Patient Identifiable Data',
      keyword: 'MUST',
      text: 'external APIs must not expose unencrypted PID fields',
      decidedBy: 'attestation',
      because:
        'what counts as an unencrypted field is left open: hits in sampled answers are noted, an inspection decides',
    },
    {
      id: 'SEC-027',
      section: '10. Penetration & Vulnerability Testing',
      keyword: 'MUST',
      text: 'automate dependency vulnerability scanning per build',
      decidedBy: 'evidence',
      because: 'the scan decides it',
    },
    {
      id: 'SEC-028',
      section: '10. Penetration & Vulnerability Testing',
      keyword: 'MUST',
      text: 'block release on unresolved critical findings',
      decidedBy: 'evidence',
      because: 'the log of the release gate decides it',
    },
    {
      id: 'SEC-029',
      section: '11. Authentication & Secure Certificate Storage',
      keyword: 'MUST',
      text: 'enforce CIS2 JWT authentication (signature, issuer, audience, assurance claim) on 100% API endpoints; structured errors',
    },
    {
      id: 'SEC-030',
      section: '11. Authentication & Secure Certificate Storage',
      keyword: 'MUST',
      text: 'store all certificates and private keys only in approved encrypted secret stores; zero plain text exposure',
      because: 'beside the wire, repositories, images, logs and the secret store decide it',
    },
    {
      id: 'SEC-031',
      section: '4. Application Security',
      keyword: 'MUST',
      text: 'perform a penetration test before going live',
      decidedBy: 'attestation',
      because:
        'a dated report decides that a test took place; the code stands in the source repository alone',
    },
  ],
} as const satisfies Document;
