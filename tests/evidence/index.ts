import {
  accessAnalyzer,
  consoleAccess,
  credentialReport,
  crossEnvironment,
  keyRotation,
  portScan,
  securityGroups,
  segmentation,
  storageEncryption,
} from './cloud.ts';
import type { Kind } from './kind.ts';
import {
  benchmark,
  certificateHandling,
  certificateInventory,
  latency,
  licences,
  penetrationTest,
  roleListing,
  sbomRegistry,
  supplierAudit,
  threatModel,
  tokenMetrics,
  vulnerabilityRegister,
  wellArchitected,
} from './registers.ts';
import {
  containerScan,
  deploymentProvenance,
  logRedaction,
  releaseGate,
  sbom,
  secretInventory,
  secretScan,
  transferIntegrity,
  vulnerabilityScan,
} from './supply.ts';

/** Every kind of evidence that a subject file can name. */
export const kinds: readonly Kind[] = [
  securityGroups,
  storageEncryption,
  keyRotation,
  credentialReport,
  accessAnalyzer,
  consoleAccess,
  crossEnvironment,
  segmentation,
  portScan,
  sbom,
  vulnerabilityScan,
  containerScan,
  secretScan,
  secretInventory,
  logRedaction,
  releaseGate,
  deploymentProvenance,
  transferIntegrity,
  benchmark,
  certificateInventory,
  roleListing,
  tokenMetrics,
  wellArchitected,
  supplierAudit,
  penetrationTest,
  latency,
  threatModel,
  vulnerabilityRegister,
  certificateHandling,
  sbomRegistry,
  licences,
];

export const kindNamed = (id: string): Kind | undefined => kinds.find((each) => each.id === id);

/** The kinds that a requirement waits for. */
export const kindsFor = (requirement: string): readonly Kind[] =>
  kinds.filter(({ requirements }) => requirements.includes(requirement));
