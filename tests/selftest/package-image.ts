import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { openEngine, rootOf, type Engine } from './engine-of-containers.ts';
import { programPath } from './fleet/site.ts';
import { assay, ROOT } from './program.ts';
import { headersFor } from './ssp.ts';

/**
 * The image that `scripts/image/Dockerfile` makes of the packed package, built and run without a registry and without a
 * network, on a base that has Node's program, the libraries that it asks for, and nothing else.
 */

const BASE = 'assay-test-base';
const IMAGE = 'assay-test-image';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The engine's own client where Debian has put it: it brings BuildKit along, which others keep in a plug-in. */
const [client, buildkit] = existsSync('/usr/bin/docker')
  ? ['/usr/bin/docker', '1']
  : [programPath('docker'), '0'];

const engine = client === undefined ? 'docker is not installed' : await openEngine({ bridge: false });

interface Service {
  readonly command: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly tmpfs: readonly string[];
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}
const textOf = (file: string): string => readFileSync(join(ROOT, 'scripts/image', file), 'utf8');
const compose: unknown = parse(textOf('compose.yaml'), { merge: true });
const { services } = compose as { readonly services: Readonly<Record<string, Service>> };
const registry = JSON.parse(textOf('registry.json')) as {
  readonly endpoints: readonly [{ readonly url: string }];
};

/** The tests of the image; `packed` gives the tarball once it is made. */
export function describeImage(packed: () => string): void {
  describe('as a container image', { skip: typeof engine === 'string' ? engine : false }, () => {
    const { socket, image, close } = engine as Engine;
    let folder: string;
    const docker = (...args: readonly string[]): Promise<Said> =>
      new Promise((done) => {
        const env = {
          ...process.env,
          DOCKER_HOST: `unix://${socket}`,
          DOCKER_CONFIG: join(folder, 'config'),
          DOCKER_BUILDKIT: buildkit,
        };
        execFile(client ?? '', args, { env, maxBuffer: 16_000_000 }, (error, out, err) =>
          done({ code: error ? Number(error.code ?? 1) : 0, out: out.trim(), err }),
        );
      });
    /** What the image promises to need no more than. */
    const HARD = ['--network', 'none', '--read-only', '--cap-drop', 'ALL'];
    const harder = [...HARD, '--security-opt', 'no-new-privileges'];

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'assay-package-image-'));
      const base = rootOf(process.execPath, {});
      // Not where it is here: what a container mounts may lie over that.
      mkdirSync(join(base, 'usr/local/bin'), { recursive: true });
      renameSync(join(base, process.execPath), join(base, 'usr/local/bin/node'));
      await image(BASE, base, ['ENV PATH=/usr/local/bin']);
      rmSync(base, { recursive: true });
      const context = join(folder, 'context');
      mkdirSync(join(context, 'scripts'), { recursive: true });
      for (const name of ['.dockerignore', 'package-lock.json', 'scripts/image'])
        cpSync(join(ROOT, name), join(context, name), { recursive: true });
      cpSync(packed(), join(context, basename(packed())));
      // Links cost no disk, where both are on one.
      const from = join(ROOT, 'node_modules');
      try {
        execFileSync('cp', ['-al', from, context], { stdio: 'ignore' });
      } catch {
        execFileSync('cp', ['-a', from, context]);
      }
      const args = ['--network', 'none', '--build-arg', `BASE=${BASE}`, '--tag', IMAGE];
      const { code, err } = await docker(
        ...['build', '--quiet', ...args, '--file', join(context, 'scripts/image/Dockerfile'), context],
      );
      assert.equal(code, 0, err);
    });
    after(async () => {
      await docker('rmi', '--force', IMAGE);
      await close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('it says what it is, is nobody in particular, and has its own bill of materials', async () => {
      const { out } = await docker('inspect', IMAGE);
      const [{ Config: made }] = JSON.parse(out) as readonly [
        {
          readonly Config: {
            readonly User: string;
            readonly Labels: Readonly<Record<string, string>>;
            readonly Entrypoint: readonly string[];
            readonly Healthcheck: { readonly Test: readonly string[] };
          };
        },
      ];
      const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
        readonly version: string;
      };
      const label = (name: string) => made.Labels[`org.opencontainers.image.${name}`];
      assert.deepEqual(
        [label('title'), label('version'), label('licenses'), label('base.name')],
        ['Assay', version, 'MIT', BASE],
      );
      assert.match(made.User, /^[1-9]\d*:[1-9]\d*$/);
      assert.equal(made.Entrypoint[0], 'node');
      assert.equal(made.Healthcheck.Test[0], 'CMD', 'without a shell');

      const look = `
        const { existsSync, globSync, readFileSync } = require('node:fs');
        const read = (file) => JSON.parse(readFileSync('/app/' + file));
        const found = globSync('node_modules/{,@*/}*/{,node_modules/{,@*/}*/}{,node_modules/{,@*/}*/}package.json', { cwd: '/app' })
          .map(read).map(({ name, version }) => name + '@' + version);
        const listed = read('sbom.cdx.json').components.map((each) => each['bom-ref']);
        console.log(JSON.stringify({
          uid: process.getuid(),
          shell: existsSync('/bin/sh'),
          packages: listed.length > 100,
          unlisted: found.filter((each) => !listed.includes(each)),
          absent: listed.filter((each) => !found.includes(each)),
          strange: ['/build', '/image', '/app/node_modules/prettier', '/app/node_modules/.bin'].filter((path) => existsSync(path)),
        }));`;
      const { out: seen, err } = await docker(
        'run',
        '--rm',
        ...harder,
        '--entrypoint',
        'node',
        IMAGE,
        '-e',
        look,
      );
      assert.deepEqual(
        JSON.parse(seen || 'null'),
        {
          uid: Number(made.User.split(':')[0]),
          shell: false,
          packages: true,
          unlisted: [],
          absent: [],
          strange: [],
        },
        err,
      );
    });

    test('the compose file keeps to its specification, and publishes on loopback alone', () => {
      const { $schema: _schema, ...rules } = JSON.parse(
        readFileSync(join(ROOT, 'tests/schemas/ci/compose-spec.schema.json'), 'utf8'),
      ) as Readonly<Record<string, unknown>>;
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      const valid = ajv.compile(rules);
      assert.ok(valid(compose), ajv.errorsText(valid.errors));
      assert.equal(valid({ services: { a: { comand: [] } } }), false);
      const known =
        'build cap_drop command depends_on healthcheck image ports read_only security_opt tmpfs volumes';
      for (const [name, each] of Object.entries(services)) {
        const odd = Object.keys(each).filter((key) => !known.split(' ').includes(key));
        assert.deepEqual(odd, [], `${name}: what is not tested`);
        assert.equal(each.read_only, true);
        for (const port of each.ports ?? []) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/);
        if (name !== 'pki')
          assert.deepEqual(each.healthcheck?.test, [
            ...['CMD', 'node', '/app/package/dist/scripts/assay.js', 'health'],
          ]);
      }
    });

    test('judges: read-only, as any user, without a capability, a shell or a network', async () => {
      const judge = async (mock: string) =>
        docker(
          ...['run', '--rm', ...harder, '--user', '4321:4321', IMAGE],
          ...['run', '--mock', mock, '--case', 'client-certificate/expired'],
        );
      const [good, bad] = [await judge('conformant'), await judge('accepts-expired-certificate')];
      assert.equal(good.code, 0, good.out + good.err);
      assert.match(good.out, /^conformant on the wire: 1 passed/m);
      assert.equal(bad.code, 1, bad.out + bad.err);
      assert.match(bad.out, /^non-conformant on the wire: 0 passed, 1 failed/m);
    });

    /** Waits until a container's health check says so. @returns its last word */
    const healthy = async (name: string): Promise<string> => {
      let now = '';
      for (let tries = 0; tries < 300 && now !== 'healthy'; tries += 1) {
        const { code, out } = await docker('inspect', '--format', '{{.State.Health.Status}}', name);
        if (code !== 0) return out;
        now = out;
        await sleep(200);
      }
      return now;
    };

    test('the compose file: every service healthy, a consumer is served through them, SIGTERM ends each', async () => {
      const [network, volume] = ['assay-test-net', 'assay-test-work'];
      const named = (service: string): string => `assay-test-${service}`;
      const names = Object.keys(services);
      const start = async (service: string): Promise<void> => {
        const {
          command,
          ports = [],
          volumes,
          tmpfs,
          read_only,
          cap_drop,
          security_opt,
        } = services[service] as Service;
        const mounts = volumes.map((each) =>
          each.startsWith('./') ? join(ROOT, 'scripts/image', each) : each.replace(/^work:/, `${volume}:`),
        );
        const { code, err } = await docker(
          ...['run', '--detach', '--name', named(service), '--network', network, '--network-alias', service],
          ...['--health-interval', '1s', ...(read_only ? ['--read-only'] : [])],
          ...cap_drop.flatMap((each) => ['--cap-drop', each]),
          ...security_opt.flatMap((each) => ['--security-opt', each]),
          ...tmpfs.flatMap((each) => ['--tmpfs', each]),
          ...mounts.flatMap((each) => ['--volume', each]),
          // The same ports inside; outside those that are free.
          ...ports.flatMap((each) => ['--publish', each.replace(/^127\.0\.0\.1:\d+:/, '127.0.0.1::')]),
          ...[IMAGE, ...command],
        );
        assert.equal(code, 0, err);
      };
      const outside = async (service: string, port: number): Promise<string> =>
        (await docker('port', named(service), String(port))).out;
      try {
        assert.equal((await docker('network', 'create', network)).code, 0);
        await start('pki');
        assert.equal((await docker('wait', named('pki'))).out, '0', (await docker('logs', named('pki'))).err);
        const beside = names.filter((name) => name !== 'pki' && name !== 'ssp');
        await Promise.all(beside.map(start));
        assert.deepEqual(
          await Promise.all(beside.map((name) => healthy(named(name)))),
          beside.map(() => 'healthy'),
        );
        await start('ssp');
        assert.equal(await healthy(named('ssp')), 'healthy', (await docker('logs', named('ssp'))).err);

        const consumer = join(folder, 'consumer');
        assert.equal((await docker('cp', `${named('ssp')}:/data/pki/consumer`, consumer)).code, 0);
        const own = (name: string): Buffer => readFileSync(join(consumer, name));
        const [ca, cert, key] = [own('ca.pem'), own('consumer.pem'), own('consumer.key')];
        const asked = async (service: string, port: number, path: string, headers = {}) => {
          const [, at] = (await outside(service, port)).split(':');
          return new Promise<number>((done, failed) => {
            const plain = service === 'revocation';
            const options = { host: 'localhost', family: 4, port: Number(at), path, headers };
            const sent = plain ? httpGet(options) : httpsGet({ ...options, ca, cert, key, agent: false });
            sent.on('response', (response) => done(response.resume().statusCode ?? 0)).on('error', failed);
          });
        };
        const [{ url }] = registry.endpoints;
        const headers = Object.fromEntries(headersFor(url));
        assert.deepEqual(
          [
            await asked('ssp', 8444, `/${url}/metadata`, headers),
            await asked('provider', 8443, `${new URL(url).pathname}/metadata`),
            await asked(
              'cis2',
              8445,
              '/openam/oauth2/realms/root/realms/NHSIdentity/realms/Healthcare/.well-known/openid-configuration',
            ),
            await asked('revocation', 18080, '/root.crl'),
          ],
          [200, 403, 200, 200],
          'to the provider itself a consumer is nobody',
        );
        const running = names.filter((name) => name !== 'pki');
        await docker('stop', '--time', '20', ...running.map(named));
        const ends = await docker('inspect', '--format', '{{.State.ExitCode}}', ...running.map(named));
        assert.deepEqual(
          ends.out.split('\n'),
          running.map(() => '0'),
        );
      } finally {
        await docker('rm', '--force', '--volumes', ...names.map(named));
        await docker('volume', 'rm', '--force', volume);
        await docker('network', 'rm', network);
      }
    });

    test('health tells a listener that does not answer', async () => {
      const ready = join(folder, 'ready.json');
      writeFileSync(ready, '{"ready":true,"connect":"127.0.0.1:1"}');
      const mute = await assay(folder, 'health', ready);
      assert.deepEqual([mute.code, mute.out], [2, 'no answer at 127.0.0.1:1\n'], mute.err);
    });
  });
}
