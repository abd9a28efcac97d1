import type { KeyStep, Observation } from '../model.ts';
import { asWanted, type KeyObservation } from '../oracle/key-set.ts';

/** What steers the issuer that the subject trusts: its management port. */
export interface Steering {
  readonly call: (method: string, path: string, body?: object) => Promise<Readonly<Record<string, unknown>>>;
}

/** Steers an issuer over its management port. Rejects where the port refuses. */
export const steering = (url: string, token: string): Steering => ({
  call: async (method, path, body) => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
      ...(body && { body: JSON.stringify(body) }),
    });
    const said = (await answer.json()) as Readonly<Record<string, unknown>>;
    if (!answer.ok) throw new Error(`the issuer refused ${method} ${path}: ${String(said['error'])}`);
    return said;
  },
});

export interface KeyScene {
  readonly issuer: Steering;
  /** Presents a token in the valid exchange. */
  readonly present: (token: string) => Promise<Observation>;
  readonly payload: string;
  /** Milliseconds within which the subject has to take a change up, as it declares. */
  readonly within: number;
}

const PAUSE_MS = 50;
const KIDS = 10;

const minted = async ({ issuer }: KeyScene, defect?: string): Promise<string> =>
  String((await issuer.call('POST', '/token', defect === undefined ? {} : { defect }))['token']);
const signing = async ({ issuer }: KeyScene): Promise<string> =>
  String(((await issuer.call('GET', '/'))['keys'] as { readonly signing: string }).signing);

/** Presents a token until it is answered as wanted, or the time is over. */
async function until(scene: KeyScene, what: string, want: KeyStep['want'], token: string): Promise<KeyStep> {
  const started = performance.now();
  for (;;) {
    const seen = await scene.present(token);
    const ms = performance.now() - started;
    const step = { what, want, seen, ms };
    if (asWanted(step, scene.payload) || ms > scene.within) return step;
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}
/** Presents a token once. */
async function once(scene: KeyScene, what: string, want: KeyStep['want'], token: string): Promise<KeyStep> {
  const started = performance.now();
  return { what, want, seen: await scene.present(token), ms: performance.now() - started };
}

/**
 * Presents a token until the subject has asked the issuer for its keys: before that nothing shows what an outage does.
 * A subject that never asks leaves nothing to judge.
 */
async function untilAsked(
  scene: KeyScene,
  what: string,
  want: KeyStep['want'],
  token: string,
): Promise<KeyStep> {
  const started = performance.now();
  for (;;) {
    const step = await once(scene, what, want, token);
    if (!asWanted(step, scene.payload)) return step;
    if (Number((await scene.issuer.call('GET', '/counts'))['jwks']) > 0) return step;
    if (performance.now() - started > scene.within) {
      return { ...step, seen: { kind: 'nothing', reason: 'the subject never asked for the key set' } };
    }
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

type Scenario = (scene: KeyScene) => Promise<Omit<KeyObservation, 'control'>>;

/** The issuer fails in one way while it rotates; the subject must not believe, must not hang, and must recover. */
const outage =
  (fault: object): Scenario =>
  async (scene) => {
    await scene.issuer.call('POST', '/fault', { endpoint: 'jwks', ...fault });
    await scene.issuer.call('POST', '/keys/rotate');
    const token = await minted(scene);
    await scene.issuer.call('DELETE', '/counts');
    const during = [
      await untilAsked(scene, 'under a key that cannot be had', 'not-accepted', token),
      await once(
        scene,
        "by a stranger, while the issuer's keys cannot be had",
        'not-accepted',
        await minted(scene, 'stranger-unknown-kid'),
      ),
      await once(scene, 'under a key that cannot be had, again', 'not-accepted', token),
    ];
    await scene.issuer.call('DELETE', '/fault');
    return { steps: [...during, await until(scene, 'after the outage', 'accepted', token)] };
  };

/** What is done to the key set, by case. */
const keyScenarios: Readonly<Record<string, Scenario>> = {
  'key-set/new-kid': async (scene) => {
    await scene.issuer.call('POST', '/keys/rotate');
    return { steps: [await until(scene, 'under the new key', 'accepted', await minted(scene))] };
  },
  'key-set/retired-kid': async (scene) => {
    const [kid, old] = [await signing(scene), await minted(scene)];
    await scene.issuer.call('POST', '/keys/rotate');
    const fresh = await until(scene, 'under the new key', 'accepted', await minted(scene));
    await scene.issuer.call('POST', '/keys/retire', { kid });
    return { steps: [fresh, await until(scene, 'under the retired key', 'refused', old)] };
  },
  'key-set/reused-kid': async (scene) => {
    const old = await minted(scene);
    await scene.issuer.call('POST', '/keys/reuse');
    const token = await minted(scene);
    return {
      steps: [
        await until(scene, 'under the other key', 'accepted', token),
        await until(scene, 'under the old key', 'refused', old),
      ],
    };
  },
  'key-set/unknown-kid': async (scene) => {
    const token = await minted(scene, 'stranger-unknown-kid');
    await scene.issuer.call('DELETE', '/counts');
    const steps: KeyStep[] = [];
    for (let sent = 0; sent < KIDS; sent += 1)
      steps.push(await once(scene, 'under an unknown kid', 'refused', token));
    const { jwks } = await scene.issuer.call('GET', '/counts');
    return { steps, fetches: { counted: Number(jwks), atMost: 1 } };
  },
  'key-set/issuer-status': outage({ status: 503 }),
  'key-set/issuer-reset': outage({ reset: true }),
  'key-set/issuer-slow': outage({ hang: true }),
  'key-set/issuer-garbage': outage({ garbage: true }),
  'key-set/issuer-large': outage({ bytes: 10_000_000 }),
};

/** Runs a scenario behind the control: a good token that is accepted before anything changes. */
export async function observeKeySet(name: string, scene: KeyScene): Promise<KeyObservation> {
  const scenario = keyScenarios[name];
  if (!scenario) throw new RangeError(`no key-set case is called ${name}`);
  // Before anything changes the subject fetches the key set for the first time, and may be slow to.
  const { seen: control } = await until(scene, 'a good token', 'accepted', await minted(scene));
  try {
    return { control, ...(await scenario(scene)) };
  } finally {
    await scene.issuer.call('DELETE', '/fault');
    // Whatever a subject holds on to under the last kid, the next case begins with another.
    await scene.issuer.call('POST', '/keys/rotate');
  }
}
