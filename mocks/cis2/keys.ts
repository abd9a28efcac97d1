import { createHash, generateKeyPair, randomBytes, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK, JSONWebKeySet } from 'jose';

/** A key that signs tokens. */
export interface SigningKey {
  /** Base64 text, as CIS2 writes key ids: it may hold `/`, `+` and `=`. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const generate = promisify(generateKeyPair);

/** A key id of the form that ForgeRock makes, the SHA-1 of something in base64, with every awkward character in it. */
function awkwardKid(): string {
  for (;;) {
    const kid = createHash('sha1').update(randomBytes(16)).digest('base64');
    if (kid.includes('/') && kid.includes('+')) return kid; // 20 bytes always end in one `=`
  }
}

/** A new RSA 2048 key with a kid of its own. */
export async function createSigningKey(kid = awkwardKid()): Promise<SigningKey> {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: 2048 });
  return { kid, privateKey, publicKey };
}

/** The public half as the key set shows it (RFC 7517 §4). */
const publicJwk = ({ kid, publicKey }: Omit<SigningKey, 'privateKey'>): JWK => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  use: 'sig',
  alg: 'RS256',
});

/** The parts of a compact serialisation (RFC 7515 §7.1) before they are joined. */
export const encode = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url');
export const encodeJson = (value: object): string => encode(JSON.stringify(value));

const signAsync = (data: string, key: KeyObject): Promise<Buffer> =>
  new Promise((done, failed) => {
    sign('RSA-SHA256', Buffer.from(data), key, (error, signature) =>
      error ? failed(error) : done(signature),
    );
  });

/** Signs claims with RS256 (RFC 7518 §3.3). The thread pool does the arithmetic. */
export async function signToken(
  key: SigningKey,
  claims: object,
  header: object = { typ: 'JWT', kid: key.kid, alg: 'RS256' },
): Promise<string> {
  const input = `${encodeJson(header)}.${encodeJson(claims)}`;
  return `${input}.${encode(await signAsync(input, key.privateKey))}`;
}

/**
 * The keys of an issuer: one signs, those published are in the key set. A rotation publishes the new key and leaves
 * the old one published until it is retired, since tokens that it signed are still about.
 */
export class KeyRing {
  #published: readonly SigningKey[];
  #signing: SigningKey;
  /** Not for signatures: relying parties have to look at `use`. */
  #encryption: JWK;
  #padding: readonly JWK[] = [];

  private constructor(keys: readonly [SigningKey, ...SigningKey[]], encryption: JWK) {
    this.#published = keys;
    this.#signing = keys[0];
    this.#encryption = encryption;
  }

  /** @param keys the first one signs; without them, a new one */
  static async create(keys?: readonly [SigningKey, ...SigningKey[]]): Promise<KeyRing> {
    const [ring, encryption] = await Promise.all([
      keys ?? createSigningKey().then((key) => [key] as const),
      generate('ec', { namedCurve: 'P-256' }),
    ]);
    const jwk = encryption.publicKey.export({ format: 'jwk' });
    return new KeyRing(ring, { ...jwk, kid: awkwardKid(), use: 'enc', alg: 'ECDH-ES+A256KW' });
  }

  get signing(): SigningKey {
    return this.#signing;
  }

  /** Key ids in the key set, newest first. */
  get published(): readonly string[] {
    return this.#published.map(({ kid }) => kid);
  }

  /** Every key with its private half, newest first: for keeping them on disk. */
  get keys(): readonly SigningKey[] {
    return this.#published;
  }

  get jwks(): JSONWebKeySet {
    return { keys: [...this.#published.map(publicJwk), this.#encryption, ...this.#padding] };
  }

  /** A new key signs from now on; `publish: false` keeps it out of the key set. */
  async rotate({ publish = true } = {}): Promise<string> {
    this.#signing = await createSigningKey();
    if (publish) this.#published = [this.#signing, ...this.#published];
    return this.#signing.kid;
  }

  /** Puts the key that signs into the key set, after a rotation that kept it out. */
  publish(): void {
    if (!this.#published.includes(this.#signing)) this.#published = [this.#signing, ...this.#published];
  }

  /**
   * Takes a key out of the key set; the one that signs may be taken out as well, and goes on signing.
   * @throws RangeError when no such key is published
   */
  retire(kid: string): void {
    if (!this.published.includes(kid)) throw new RangeError(`no key ${JSON.stringify(kid)} is published`);
    this.#published = this.#published.filter((key) => key.kid !== kid);
  }

  /** Another key under the same kid takes the place of the one that signs. */
  async reuse(): Promise<string> {
    const { kid } = this.#signing;
    this.#signing = await createSigningKey(kid);
    this.#published = [this.#signing, ...this.#published.filter((key) => key.kid !== kid)];
    return kid;
  }

  /** Adds public keys that nobody holds behind the real ones; 0 takes them away. */
  grow(count: number): void {
    const [real] = this.#published;
    const modulus = (real ?? this.#signing).publicKey.export({ format: 'jwk' });
    this.#padding = Array.from({ length: count }, () => ({
      ...modulus,
      n: encode(randomBytes(256)),
      kid: randomBytes(20).toString('base64'),
      use: 'sig',
      alg: 'RS256',
    }));
  }
}
