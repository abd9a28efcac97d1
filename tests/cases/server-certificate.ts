import type { Case, ServerCertificateAspect } from '../model.ts';
import { cases } from './define.ts';

/** A server's certificate is read in a handshake that does not verify it, so that whatever is wrong can be told. */
export const looking = (aspect: ServerCertificateAspect) =>
  ({
    via: 'probe',
    stimulus: { tls: { unverified: true }, probe: 'server-certificate' },
    expect: { kind: 'server-certificate', aspect },
  }) as const;

/** What each aspect of it is held to. */
export const TITLES: Readonly<Record<ServerCertificateAspect, string>> = {
  chain: "the server's certificate leads to the expected anchor",
  name: "the server's certificate has the name by which it is reached",
  'days-left': "the server's certificate lasts 30 days and more",
  'key-size': "the server's key has 112 bits of security (NIST SP 800-131A)",
  signature: "the server's certificate is not signed over MD5 or SHA-1 (RFC 9155)",
  fingerprint: "the server's certificate is the one that the subject file names by its SHA-256",
};
/** Whoever names a fingerprint has one: that is no case of everybody's. */
const ASPECTS = (Object.keys(TITLES) as ServerCertificateAspect[]).filter((name) => name !== 'fingerprint');

/** Mutual authentication has two sides; the documents of the Spine speak of the client's certificate alone, so this is noted. */
export default cases(
  'server-certificate',
  Object.fromEntries(
    ASPECTS.map((aspect) => [
      aspect,
      {
        title: TITLES[aspect],
        requirements: ['GPC-SEC-TLS12'] as const,
        bearing: 'noted' as const,
        ...looking(aspect),
      },
    ]),
  ),
) satisfies readonly Case[];
