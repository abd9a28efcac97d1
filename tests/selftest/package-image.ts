import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEngine, rootOf, type Engine } from './engine-of-containers.ts';
import { programPath } from './fleet/site.ts';
import { assay, ROOT } from './program.ts';

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

/** The tests of the image; `packed` gives the tarball once it is made. */
export function describeImage(packed: () => string): void {
  describe('as a container image', { skip: typeof engine === 'string' ? engine : false }, () => {
    const { socket, image, close } = engine as Engine;
    const folder = mkdtempSync(join(tmpdir(), 'assay-package-image-'));
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
      const base = rootOf(process.execPath, {});
      await image(BASE, base, [`ENV PATH=${dirname(process.execPath)}`]);
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

    test('serves: unhealthy until it is up, healthy then, and SIGTERM ends it cleanly', async () => {
      const run = ['run', '--detach', '--health-interval', '1s', '--health-retries', '1', ...harder];
      const { out: id, err } = await docker(...run, IMAGE, 'serve', '--cis2', '--ssp');
      const health = async (): Promise<string> =>
        (await docker('inspect', '--format', '{{.State.Health.Status}}', id)).out;
      let now = '';
      for (let tries = 0; tries < 200 && now !== 'healthy'; tries += 1) {
        now = await health();
        assert.notEqual(now, '', err);
        await sleep(100);
      }
      const { out: log } = await docker('inspect', '--format', '{{json .State.Health.Log}}', id);
      assert.equal(now, 'healthy', log);
      const stopped = await docker('stop', '--time', '20', id);
      const { out: code } = await docker('inspect', '--format', '{{.State.ExitCode}}', id);
      const { out: lines, err: errors } = await docker('logs', id);
      await docker('rm', '--force', '--volumes', id);
      assert.deepEqual([stopped.code, code, lines.split('\n').length, errors], [0, '0', 1, '']);

      // A listener that does not speak is told from one that does.
      const ready = join(folder, 'ready.json');
      writeFileSync(ready, '{"ready":true,"connect":"127.0.0.1:1"}');
      const mute = await assay(folder, 'health', ready);
      assert.deepEqual([mute.code, mute.out], [2, 'no answer at 127.0.0.1:1\n'], mute.err);
    });
  });
}
