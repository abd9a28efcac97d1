import type { Command } from 'commander';

/** A command as the overview shows it; what it needs is loaded once it is asked for. */
export interface Loadable {
  readonly name: string;
  readonly does: string;
  readonly load: () => Promise<Command>;
}

/** One command for each thing that a person wants. */
export const commands: readonly Loadable[] = [
  {
    name: 'run',
    does: 'judge the provider that a subject file describes, or an embedded one',
    load: async () => (await import('./run/command.ts')).runCommand(),
  },
  {
    name: 'doctor',
    does: 'check that a subject can be judged; say what is in the way, whose matter it is, what to try',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  {
    name: 'report',
    does: 'show a record in another form',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  {
    name: 'sweep',
    does: 'judge many subjects in one run: a record each, and one overview',
    load: async () => (await import('./sweep.ts')).sweepCommand(),
  },
  {
    name: 'merge',
    does: 'put the records of all shards of a run together',
    load: async () => (await import('./merge.ts')).mergeCommand(),
  },
  {
    name: 'diff',
    does: 'compare two records by meaning: new, fixed, changed, gone, same',
    load: async () => (await import('./diff.ts')).diffCommand(),
  },
  {
    name: 'list',
    does: 'show what a subject is held to: requirements, cases, mutants',
    load: async () => (await import('./list.ts')).listCommand(),
  },
  {
    name: 'lint',
    does: "check the requirement codes in a team's own documents (YAML, Markdown)",
    load: async () => (await import('./lint.ts')).lintCommand(),
  },
  {
    name: 'pki',
    does: 'make the test CA, the credentials that Assay presents, and what a provider installs',
    load: async () => (await import('./pki.ts')).pkiCommand(),
  },
  {
    name: 'scan',
    does: 'show which protocols and cipher suites a server accepts, in its order of preference',
    load: async () => (await import('./scan.ts')).scanCommand(),
  },
  {
    name: 'serve',
    does: 'keep an embedded provider up, on loopback, with a subject file that describes it',
    load: async () => (await import('./serve.ts')).serveCommand(),
  },
  {
    name: 'revocation',
    does: 'serve OCSP and CRLs of a trust pack over plain HTTP',
    load: async () => (await import('./revocation.ts')).revocationCommand(),
  },
  {
    name: 'health',
    does: 'ask whether what `serve` or `revocation` keeps up answers',
    load: async () => (await import('./health.ts')).healthCommand(),
  },
  {
    name: 'judge-consumer',
    does: 'run a consumer’s own command against SSPs that are wrong in one thing each',
    load: async () => (await import('./judge-consumer.ts')).judgeConsumerCommand(),
  },
  {
    name: 'token',
    does: 'mint an ID token of the CIS2 issuer, good or wrong in one named thing',
    load: async () => (await import('./token.ts')).tokenCommand(),
  },
  {
    name: 'keygen',
    does: 'make a key that signs certifications, and the public set that verifies them',
    load: async () => (await import('./keygen.ts')).keygenCommand(),
  },
  {
    name: 'challenge',
    does: "pose a signed challenge, from which a run derives its trace ids, so that the subject's log shows it",
    load: async () => (await import('./challenge.ts')).challengeCommand(),
  },
  {
    name: 'certify',
    does: 'sign records that leave nothing open, as a bundle that anybody can verify',
    load: async () => (await import('./certify.ts')).certifyCommand(),
  },
  {
    name: 'verify',
    does: 'check a bundle offline: signature, digests, completeness, and every verdict derived again',
    load: async () => (await import('./verify.ts')).verifyCommand(),
  },
  {
    name: 'certificate',
    does: 'print one page that says what a bundle certifies, with its digest as a QR code',
    load: async () => (await import('./certificate.ts')).certificateCommand(),
  },
];
