import type { Observation, ServerCertificateAspect, Verdict } from '../model.ts';
import { fail, pass } from './verdict.ts';

type Seen = Extract<Observation, { kind: 'certificate' }>;

/** Days before the end at which a renewal is overdue. */
const RENEWED_BEFORE = 30;
/** Least sizes in bits: 112 bits of security (NIST SP 800-131A §3). */
const LEAST = { RSA: 2_048, curve: 224 } as const;

/** One aspect of the certificate that a server shows. */
export function serverCertificate(seen: Seen, aspect: ServerCertificateAspect): Verdict {
  const [leaf] = seen.chain;
  // An anchor's own signature is not relied on (RFC 5280 §6.1).
  const signed = seen.chain.filter(({ selfSigned }, at) => at === 0 || !selfSigned);
  switch (aspect) {
    case 'chain':
      return seen.untrusted === undefined
        ? pass(`a path leads from ${leaf?.subject} to the expected anchor (${seen.chain.length} in it)`)
        : fail(`no path to the expected anchor: ${seen.untrusted} (issued by ${leaf?.issuer})`);
    case 'name':
      return seen.named
        ? pass(`it has the name ${seen.name}`)
        : fail(`it has not the name ${seen.name}, by which it is reached (${leaf?.subject})`);
    case 'days-left':
      return seen.daysLeft >= RENEWED_BEFORE
        ? pass(`${seen.daysLeft} days are left`)
        : fail(`${seen.daysLeft} days are left, fewer than ${RENEWED_BEFORE}`);
    case 'key-size': {
      const words = signed.map(({ key }) => `${key.kind} of ${key.bits} bits`).join(', ');
      const weak = signed.some(({ key }) => key.bits < (key.kind === 'RSA' ? LEAST.RSA : LEAST.curve));
      return weak ? fail(`too short: ${words}`) : pass(words);
    }
    case 'fingerprint': {
      if (!seen.fingerprint) return { outcome: 'inconclusive', because: 'ours: no fingerprint is expected' };
      const { shown, expected } = seen.fingerprint;
      return shown === expected
        ? pass(`SHA-256 ${shown}`)
        : fail(`SHA-256 ${shown}, expected ${expected} (${leaf?.subject})`);
    }
    case 'signature': {
      const words = signed.map(({ signature }) => signature).join(', ');
      return signed.some(({ signature }) => /^(?:MD5|SHA-1) /.test(signature))
        ? fail(`a broken digest: ${words}`)
        : pass(words);
    }
  }
}
