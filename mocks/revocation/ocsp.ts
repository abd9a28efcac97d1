import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { createDelegate, createImpostor, type Delegate } from '../../certs/responder.ts';
import { generateKey } from '../../certs/authority.ts';
import { toPki } from './both.ts';
import { asked, normalSerial, type Book, type Entry, type Issuer } from './book.ts';

/** OCSPResponseStatus (RFC 6960 §4.2.1). */
const STATUS = { successful: 0, malformed: 1, internal: 2, tryLater: 3, unauthorized: 6 } as const;
const NONCE = '1.3.6.1.5.5.7.48.1.2';
/** A nonce is 1 to 128 octets (RFC 9654 §2.1); its extension value adds the header of an OCTET STRING. */
const LARGEST_NONCE = 131;
/** Certificates that one request may ask about. */
const MOST = 16;
const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** An answer, and what HTTP has to know of it. */
export interface Answer {
  /** A DER OCSPResponse; absent: the connection is dropped without one. */
  readonly der?: Buffer;
  /** Milliseconds by which it is held back. */
  readonly delay: number;
  /** From when until when it may be cached; absent: not at all. */
  readonly fresh?: { readonly from: Date; readonly until: Date };
}

export interface ResponderOptions {
  /** Seconds until `nextUpdate`. */
  readonly life: number;
  /** Milliseconds by which `slow` holds an answer back. */
  readonly slow: number;
}

interface Question extends Entry {
  readonly id: pkijs.CertID;
}

const failure = (status: number): Answer => ({
  der: Buffer.from(
    new pkijs.OCSPResponse({ responseStatus: new asn1js.Enumerated({ value: status }) }).toSchema().toBER(),
  ),
  delay: 0,
});

const hex = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('hex');
/** nginx 1.22 takes no fractions of a second in these dates (RFC 5280 §4.1.2.5.2 allows none either). */
const whole = (time: number): Date => new Date(Math.floor(time / 1000) * 1000);

/** An OCSP responder (RFC 6960) over the DER of requests and responses. It signs by delegates of the book's CAs. */
export function createResponder(book: Book, options: ResponderOptions) {
  const delegates = new Map<string, Promise<Delegate>>();
  const impostors = new Map<string, Promise<Delegate>>();
  const key = generateKey();
  const once = (made: Map<string, Promise<Delegate>>, { name }: Issuer, make: () => Promise<Delegate>) => {
    const known = made.get(name) ?? make();
    made.set(name, known);
    return known;
  };
  const delegateOf = (issuer: Issuer): Promise<Delegate> =>
    once(delegates, issuer, async () => createDelegate(issuer.authority, await key));
  const impostorOf = (issuer: Issuer): Promise<Delegate> =>
    once(impostors, issuer, () => createImpostor(issuer.authority));

  /** The CA that a CertID means, by the hashes of its name and of its key (RFC 6960 §4.1.1). */
  function issuerOf({ hashAlgorithm, issuerNameHash, issuerKeyHash }: pkijs.CertID): Issuer | undefined {
    const hash = HASHES[hashAlgorithm.algorithmId];
    if (hash === undefined) return undefined;
    const digest = (bytes: ArrayBuffer | Uint8Array): string =>
      createHash(hash)
        .update(Buffer.from(bytes as Uint8Array))
        .digest('hex');
    return book.issuers.find(({ authority }) => {
      const { subject, subjectPublicKeyInfo } = toPki(authority.certificate);
      return (
        digest(subject.toSchema().toBER()) === hex(issuerNameHash.valueBlock.valueHexView) &&
        digest(subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView) ===
          hex(issuerKeyHash.valueBlock.valueHexView)
      );
    });
  }

  async function answer(request: Buffer): Promise<Answer> {
    let asking: pkijs.OCSPRequest;
    try {
      asking = pkijs.OCSPRequest.fromBER(new Uint8Array(request));
    } catch {
      return failure(STATUS.malformed);
    }
    const { requestList, requestExtensions = [] } = asking.tbsRequest;
    if (requestList.length === 0 || requestList.length > MOST) return failure(STATUS.malformed);
    const issuer = issuerOf((requestList[0] as pkijs.Request).reqCert);
    // One signer answers for one CA; a request about two of them is not ours to answer.
    if (!issuer || requestList.some(({ reqCert }) => issuerOf(reqCert) !== issuer))
      return failure(STATUS.unauthorized);
    const questions = requestList.map(({ reqCert }): Question => ({
      id: reqCert,
      issuer: issuer.name,
      serial: normalSerial(hex(reqCert.serialNumber.valueBlock.valueHexView)),
    }));
    for (const question of questions) book.count(asked(question));
    const nonce = requestExtensions.find(({ extnID }) => extnID === NONCE);
    if (nonce && nonce.extnValue.valueBlock.valueHexView.length > LARGEST_NONCE)
      return failure(STATUS.malformed);
    return respond(issuer, questions, nonce);
  }

  async function respond(
    issuer: Issuer,
    questions: readonly Question[],
    nonce?: pkijs.Extension,
  ): Promise<Answer> {
    const behaviours = questions.map((question) => book.behaviour(question));
    const has = (behaviour: (typeof behaviours)[number]): boolean => behaviours.includes(behaviour);
    if (has('unreachable')) return { delay: 0 };
    if (has('try-later')) return failure(STATUS.tryLater);
    // An answer out of date has had its whole life an hour ago.
    const now = Date.now() - (has('stale') ? 3_600_000 + options.life * 1000 : 0);
    const [from, until] = [whole(now), whole(now + options.life * 1000)];
    const signer = await (has('wrong-signer') ? impostorOf(issuer) : delegateOf(issuer));
    const certificate = toPki(signer.certificate);
    const basic = new pkijs.BasicOCSPResponse({
      tbsResponseData: new pkijs.ResponseData({
        responderID: certificate.subject,
        producedAt: from,
        responses: questions.map(
          (question) =>
            new pkijs.SingleResponse({
              certID: question.id,
              certStatus: statusOf(question),
              thisUpdate: from,
              nextUpdate: until,
            }),
        ),
        ...(nonce && { responseExtensions: [nonce] }),
      }),
      certs: [certificate],
    });
    await basic.sign(signer.key.keys.privateKey, 'SHA-256');
    const response = new pkijs.OCSPResponse({
      responseStatus: new asn1js.Enumerated({ value: STATUS.successful }),
      responseBytes: new pkijs.ResponseBytes({
        responseType: pkijs.id_PKIX_OCSP_Basic,
        response: new asn1js.OctetString({ valueHex: basic.toSchema().toBER() }),
      }),
    });
    return {
      der: Buffer.from(response.toSchema().toBER()),
      delay: has('slow') ? options.slow : 0,
      ...(!nonce && !has('stale') && { fresh: { from, until } }),
    };
  }

  /** CertStatus (RFC 6960 §4.2.1): good [0], revoked [1], unknown [2]. */
  function statusOf(question: Question): asn1js.Primitive | asn1js.Constructed {
    const behaviour = book.behaviour(question);
    const decided = book.status(question);
    const told =
      behaviour === 'good' || behaviour === 'revoked' || behaviour === 'unknown'
        ? behaviour
        : behaviour === 'stale' || behaviour === 'wrong-signer'
          ? 'good' // what whoever stole the key would have it say
          : decided.status;
    const tag = (tagNumber: number) => ({ tagClass: 3, tagNumber });
    if (told !== 'revoked') return new asn1js.Primitive({ idBlock: tag(told === 'good' ? 0 : 2) });
    const at = decided.status === 'revoked' ? decided.at : new Date();
    return new asn1js.Constructed({
      idBlock: tag(1),
      value: [
        new asn1js.GeneralizedTime({ valueDate: whole(at.getTime()) }),
        new asn1js.Constructed({ idBlock: tag(0), value: [new asn1js.Enumerated({ value: 1 })] }), // keyCompromise
      ],
    });
  }

  return { answer };
}
