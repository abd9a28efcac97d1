import { isIP } from 'node:net';
import { certificatePem, generateKey, issue, type Validity } from './authority.ts';
import { createCrl, crlIssuerOf } from './crl.ts';
import { createRogue, device, SKEW, type Authorities, type Credential } from './index.ts';
import * as x509 from './x509.ts';

/** The server certificates that an SSP can show, by what is wrong with them; each in one respect only. */
const sspFaces = ['good', 'expired', 'wrong-name', 'wrong-issuer', 'revoked'] as const;
export type SspFace = (typeof sspFaces)[number];

/** What a consumer and the SSP that it calls need of each other. */
export interface ConsumerPki {
  /** FQDN of the consumer: CN and SAN of its client certificate. */
  readonly fqdn: string;
  readonly consumer: Credential;
  /** A consumer's certificate that the CRL names: what the SSP refuses with 495. */
  readonly revokedConsumer: Credential;
  readonly ssp: Readonly<Record<SspFace, Credential>>;
  /** The root's CRL as it was, and the sub's with what is revoked here as well. */
  readonly crls: readonly [root: string, sub: string, ...others: string[]];
}

export interface ConsumerPkiOptions {
  readonly fqdn?: string;
  /** Names and addresses in the SSP's server certificate. */
  readonly hosts: readonly string[];
  /** CRLs of root and sub whose entries stay. */
  readonly crls: readonly [root: string, sub: string, ...others: string[]];
  readonly days?: number;
}

export const DEFAULT_CONSUMER = 'consumer.assay.test';
const DAY = 86_400_000;

/** Issues the two sides of the consumer's leg under CAs that exist. Keys are RSA 2048 and live in memory. */
export async function createConsumerPki(
  authorities: Authorities,
  { fqdn = DEFAULT_CONSUMER, hosts, crls, days = 30 }: ConsumerPkiOptions,
): Promise<ConsumerPki> {
  const { sub } = authorities;
  const now = Date.now();
  const [clientKey, serverKey, rogueKey] = await Promise.all([generateKey(), generateKey(), generateKey()]);
  const rogue = await createRogue(authorities, rogueKey);
  const span = (start: number, end: number): Validity => ({
    notBefore: new Date(now + start),
    notAfter: new Date(Math.min(now + end, sub.certificate.notAfter.getTime())),
  });
  const good = span(-SKEW, days * DAY);
  const server = (names: readonly string[], validity = good, issuer = sub) =>
    issue(
      issuer,
      {
        subject: device(names.find((name) => !isIP(name)) ?? names[0] ?? 'localhost'),
        names: names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
        usage: 'server',
        validity,
        publicKey: serverKey.keys.publicKey,
      },
      issuer === sub ? undefined : sub.key.identifier,
    );
  const client = () =>
    issue(sub, {
      subject: device(fqdn),
      names: [{ type: 'dns', value: fqdn }],
      usage: 'client',
      validity: good,
      publicKey: clientKey.keys.publicKey,
    });
  const [own, expired, wrongName, foreign, revoked, consumer, revokedConsumer] = await Promise.all([
    server(hosts),
    server(hosts, span(-30 * DAY, -DAY)),
    server(['another-system.assay.test']),
    server(hosts, good, rogue.sub),
    server(hosts),
    client(),
    client(),
  ]);
  const at = new Date(now - SKEW / 2);
  const before = new x509.X509Crl(crls[1]).entries.map(({ serialNumber, revocationDate }) => ({
    serialNumber,
    at: revocationDate,
  }));
  const subCrl = await createCrl(
    crlIssuerOf(sub),
    [...before, ...[revoked, revokedConsumer].map(({ serialNumber }) => ({ serialNumber, at }))],
    good,
  );
  const chain = [certificatePem(sub.certificate)];
  const credential = (certificate: x509.X509Certificate, key: string, issuers = chain): Credential => ({
    certificate: certificatePem(certificate),
    key,
    chain: issuers,
  });
  return {
    fqdn,
    consumer: credential(consumer, clientKey.pem),
    revokedConsumer: credential(revokedConsumer, clientKey.pem),
    ssp: {
      good: credential(own, serverKey.pem),
      expired: credential(expired, serverKey.pem),
      'wrong-name': credential(wrongName, serverKey.pem),
      'wrong-issuer': credential(foreign, serverKey.pem, [certificatePem(rogue.sub.certificate)]),
      revoked: credential(revoked, serverKey.pem),
    },
    crls: [crls[0], subCrl],
  };
}
