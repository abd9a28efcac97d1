import { setTimeout as sleep } from 'node:timers/promises';
import type { GenericContainer } from 'testcontainers';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { hello } from '../drive/hello.ts';
import { createRedactor } from '../drive/redact.ts';
import { cut, printable } from './locate.ts';
import { watchOver, type EnginePlace } from './warden.ts';

/** A provider under test as it is started from an image. */
export interface ImageOptions {
  readonly image: string;
  /** The TLS port that it listens on, inside. */
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** A folder of this machine, mounted read-only at `MOUNT`; absent: none. */
  readonly folder?: string;
  /** Aborts the wait; the container is then removed. */
  readonly signal?: AbortSignal;
  /** Milliseconds until it has to speak TLS. */
  readonly patience?: number;
}

/** Where a trust pack's `provider/` is found inside. */
const MOUNT = '/assay';

export interface ProviderContainer {
  /** `host:port` at which it is reached from here. */
  readonly connect: string;
  /** The image as it was named, and its id: a tag says nothing for long. */
  readonly image: string;
  /** Stops and removes it; what it wrote is gone with it. */
  readonly close: () => Promise<void>;
}

const PATIENCE_MS = 60_000;
const INTERVAL_MS = 100;
/** Seconds that a provider has for stopping by itself. */
const GRACE_S = 5;

/** An engine on this machine may publish on loopback alone; one elsewhere has to publish to be reached. */
const isLocal = (env: NodeJS.ProcessEnv): boolean => !/^(?:tcp|ssh|https?):/.test(env['DOCKER_HOST'] ?? '');

/** The library reads its settings from the environment. What the person has set stands. */
function settle(env: NodeJS.ProcessEnv): void {
  // The reaper is an image of its own to be pulled, for what is left behind; here nothing is.
  env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  // Where `/.dockerenv` lies about, the library takes the gateway of a bridge for the way to the host.
  if (isLocal(env)) env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1';
}

/**
 * Starts a provider from an image with the engine that answers here, and waits until it speaks TLS.
 * @throws ConfigurationError at `--image`: no engine, no such image, a container that ends or never speaks TLS, with
 * the last that it said
 */
export async function startContainer(options: ImageOptions): Promise<ProviderContainer> {
  const { image, port, environment, folder, signal, patience = PATIENCE_MS } = options;
  settle(process.env);
  // It takes half a second to load, and most runs need none of it.
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  const client = await getContainerRuntimeClient().catch(() => undefined);
  if (!client) {
    const place = process.env['DOCKER_HOST'];
    throw new ConfigurationError(
      '--image',
      `no container engine answers${place === undefined ? '' : ` at DOCKER_HOST=${printable(place)}`}; start Docker or Podman, or name it in DOCKER_HOST`,
    );
  }
  let created: string | undefined;
  let dismiss = (): void => {};
  const place = placeOf(client.container.dockerode.modem);
  /** On loopback alone, and known by its id from the moment that there is something to remove. */
  class Provider extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      if (isLocal(process.env))
        this.hostConfig.PortBindings = { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '0' }] };
    }
    protected override async containerCreated(id: string): Promise<void> {
      created = id;
      if (place) dismiss = watchOver(place, id);
    }
  }
  const remove = async (): Promise<void> => {
    if (created === undefined) return;
    const container = client.container.getById(created);
    // Who has pressed Ctrl-C may press it again.
    await container.stop({ t: signal?.aborted ? 0 : GRACE_S }).catch(() => {}); // stopped already, or gone
    await container.remove({ force: true, v: true }).catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
    });
    dismiss();
  };
  try {
    const container: GenericContainer = new Provider(image)
      .withExposedPorts(port)
      .withEnvironment({ ...environment })
      .withWaitStrategy(immediately);
    if (folder !== undefined) container.withBindMounts([{ source: folder, target: MOUNT, mode: 'ro' }]);
    const started = await container.start();
    const [host, published] = [started.getHost(), started.getMappedPort(port)];
    const running = client.container.getById(started.getId());
    const deadline = performance.now() + patience;
    for (;;) {
      if (signal?.aborted) throw new Error(`ended by ${String(signal.reason)}`);
      const { State: state, Image: id } = await running.inspect();
      if (!state.Running) throw new Ended(`ended (exit code ${state.ExitCode}) before it spoke TLS`);
      const target = { address: host, port: published, servername: 'localhost' };
      const { answer } = await hello(target, { version: 'TLSv1.2' }, 2_000);
      // The engine's own proxy takes connections before anybody listens behind it, and closes them.
      if (answer.kind !== 'closed' && answer.kind !== 'nothing')
        return {
          connect: `${host.includes(':') ? `[${host}]` : host}:${published}`,
          image: `${image} (${id})`,
          close: remove,
        };
      if (performance.now() > deadline)
        throw new Ended(`did not speak TLS on its port ${port} within ${patience / 1000} s`);
      await sleep(INTERVAL_MS);
    }
  } catch (error) {
    const said = created === undefined ? '' : await lastWords(client.container.getById(created));
    await remove();
    if (signal?.aborted) throw error;
    if (error instanceof Ended)
      throw new ConfigurationError(
        '--image',
        `the container of ${printable(image)} ${error.message}${said === '' ? '' : `; the last that it said: ${said}`}`,
      );
    const text = cut(printable(error instanceof Error ? error.message : String(error)), 300);
    throw new ConfigurationError(
      '--image',
      created === undefined
        ? `no container can be made of ${JSON.stringify(image)} (${text}); is it on this machine, or in a registry that answers?`
        : `the container of ${printable(image)} cannot be started (${text})${said === '' ? '' : `; the last that it said: ${said}`}`,
    );
  }
}

/** Where the library has found the engine; absent: behind TLS or SSH, which the warden does not speak. */
function placeOf(modem: unknown): EnginePlace | undefined {
  const { socketPath, host, port, protocol } = modem as Readonly<Record<string, unknown>>;
  if (typeof socketPath === 'string') return { socketPath };
  return protocol === 'http' && typeof host === 'string' ? { host, port: Number(port) } : undefined;
}

/** It ended, or never spoke. */
class Ended extends Error {}

/** Nothing is waited for by the library: its ways need a shell in the image, or a log line known before. */
const immediately = {
  waitUntilReady: async (): Promise<void> => {},
  withStartupTimeout: () => immediately,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => PATIENCE_MS,
};

/** The end of a container's log, redacted and fit for a terminal; empty where there is none. */
async function lastWords(container: {
  logs: (options: { follow: false; stdout: true; stderr: true; tail: number }) => Promise<Buffer>;
}): Promise<string> {
  const raw = await container
    .logs({ follow: false, stdout: true, stderr: true, tail: 10 })
    .catch(() => Buffer.alloc(0));
  const lines: string[] = [];
  // Frames of the engine's API: one byte of stream, three of nothing, four of length.
  for (let at = 0; at + 8 <= raw.length; at += 8 + raw.readUInt32BE(at + 4))
    lines.push(raw.subarray(at + 8, at + 8 + raw.readUInt32BE(at + 4)).toString('utf8'));
  const text = lines
    .join('')
    .trim()
    .replace(/\s*\n\s*/g, ' / ');
  return printable(createRedactor().redact(text).slice(-600));
}
