import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { installGuide } from '../../certs/install.ts';
import { TRUST_PASSWORD } from '../../certs/pkcs12.ts';
import { apacheKeeping, configuration as apache } from './fleet/servers/apache.ts';
import { configuration as haproxy, haproxyKeeping } from './fleet/servers/haproxy.ts';
import { configuration as nginx, nginxKeeping } from './fleet/servers/nginx.ts';
import { configuration as tomcat, jsseKeeping } from './fleet/servers/tomcat.ts';
import type { Site } from './fleet/site.ts';
import { ROOT, start, type Ended } from './program.ts';

/** Every command of the README is executed by a test, and what it says to put into a server is what the fleet runs. */

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const FENCE = /^( *)```(\w*)\n([\s\S]*?)\n\1```$/gm;
const fences = [...README.matchAll(FENCE)].map(([, , language = '', body = '']) => ({ language, body }));
const prose = README.replaceAll(FENCE, '');

const IS_COMMAND = /^(?:npm|npx|git|export|curl|docker|bash|[A-Z_]+=\S+ npx) /;
/** What a person would type: lines of the blocks without a language, and what stands between backticks in the text. */
const typed = [
  ...fences.filter(({ language }) => language === '').flatMap(({ body }) => body.split('\n')),
  ...[...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text),
]
  .map((line) => line.trim())
  .filter((line) => IS_COMMAND.test(`${line} `));
const commands = [...new Set(typed)];

/** How a command is accounted for. */
type Account =
  /** Executed here, with data in the place of placeholders. */
  | { readonly run: readonly string[]; readonly code: number; readonly says?: RegExp }
  /** Executed by another test: the file, and what in it shows that. */
  | { readonly by: string; readonly where: readonly string[] }
  /** Not executed by a test, for this reason. */
  | { readonly because: string };

const CI = 'CI begins with it, or is it: .ci/run';
const by = (by: string, ...where: readonly string[]): Account => ({
  by: `tests/selftest/${by}.test.ts`,
  where,
});
const run = (code: number, says: RegExp | undefined, ...args: readonly string[]): Account => ({
  run: args,
  code,
  ...(says && { says }),
});
const FREEZES = 'it writes into this tree; `npm run check` fails where it was forgotten';
const ASSAY = 'npm run assay -- ';
/** A run of one case: what a whole one takes is spent where the whole is the point. */
const ONE = ['--case', 'token/absent'];

/** Two cases, so that there are two parts. */
const TWO = ['--case', 'token/absent', '--case', 'token/expired'];

const accounts: Readonly<Record<string, Account>> = {
  'git clone <this repository> assay && cd assay': { because: 'it fetches what is tested here' },
  'npm run conform': { because: CI },
  [`${ASSAY}run --mock accepts-expired-certificate`]: by('cli', "'--mock'", 'accepts-expired-certificate'),
  [`${ASSAY}run --mock accepts-server-certificate`]: by('matrix', 'mutants'),
  [`${ASSAY}pki --out pki --host HOST`]: run(0, /good until/, 'pki', '--out', 'fresh', '--host', 'localhost'),
  [`${ASSAY}pki --out DIR [--host NAME]…`]: run(
    4,
    undefined,
    'pki',
    '--out',
    'fresh',
    '--host',
    'localhost',
    '--host',
    '127.0.0.1',
  ),
  [`${ASSAY}doctor subject.json`]: run(0, /It can be judged/, 'doctor', 'subject.json'),
  [`${ASSAY}doctor [SUBJECT] [--json]`]: by('doctor', "'--json'"),
  [`${ASSAY}run subject.json`]: run(0, /^conformant/m, 'run', 'subject.json', ...ONE),
  [`${ASSAY}run [SUBJECT] [--mock NAME] [--case GLOB]… [--out DIR]`]: by('cli', "'--out'", "'--case'"),
  ...Object.fromEntries(
    [1, 2].map((part) => [
      `${ASSAY}run subject.json --shard ${part}/2 --out part-${part}`,
      run(
        0,
        new RegExp(`shard ${part}/2`),
        ...['run', 'subject.json', '--shard', `${part}/2`, '--out', `part-${part}`, ...TWO],
      ),
    ]),
  ),
  [`${ASSAY}sweep endpoints.json --connections 16 --per-host 2 --out results`]: run(
    0,
    /1 endpoint: 1 conformant/,
    ...['sweep', 'endpoints.json', '--connections', '16', '--per-host', '2', '--out', 'results', ...ONE],
  ),
  [`${ASSAY}sweep ENDPOINTS [--shard I/N]`]: by('sweep', "'sweep'", "'--shard'"),
  [`${ASSAY}merge part-1 part-2 --out assay-out`]: run(
    0,
    /^conformant[^]*2 passed/m,
    ...['merge', 'part-1', 'part-2', '--out', 'assay-out'],
  ),
  [`${ASSAY}merge RECORD… [--out DIR]`]: by('shard', "'merge'", "'--out'"),
  [`${ASSAY}run subject.json --image IMAGE --image-port 8443 --image-env KEY=VALUE`]: by(
    'image',
    "'--image'",
    "'--image-port'",
    "'--image-env'",
  ),
  [`${ASSAY}report RECORD --format FORM [--out FILE]`]: by('reports', "'report'", "'--format'"),
  [`${ASSAY}diff BEFORE AFTER`]: run(
    0,
    /same/,
    ...['diff', 'assay-out/record.json', 'assay-out/record.json'],
  ),
  [`${ASSAY}list`]: run(0, /GPC-SEC-/, 'list'),
  [`${ASSAY}list [--json]`]: by('cli', "'list', '--json'"),
  [`${ASSAY}list --profile ftrs`]: by('ftrs-cli', "'list'", "'ftrs'"),
  [`${ASSAY}lint DIR`]: by('cli', "'lint'"),
  [`${ASSAY}lint DIR [--matrix csv]`]: by('cli', "'lint'", "'--matrix'"),
  [`${ASSAY}keygen`]: by('cli', "'keygen'"),
  [`${ASSAY}keygen --out keys`]: by('cli', "'keygen', '--out', 'keys'"),
  [`${ASSAY}certify assay-out/record.json --key keys/private.pem --out bundle.zip`]: by(
    'cli',
    "'certify'",
    "'keys/private.pem'",
  ),
  [`${ASSAY}challenge --key keys/private.pem`]: by('cli', "'challenge', '--key', 'keys/private.pem'"),
  [`${ASSAY}run subject.json --challenge challenge.json`]: by('cli', "'--challenge', 'challenge.json'"),
  [`${ASSAY}certificate bundle.zip --pdf certificate.pdf --trust keys/trust.json`]: by(
    'cli',
    "'certificate'",
    "'keys/trust.json'",
  ),
  [`${ASSAY}verify bundle.zip --trust keys/trust.json`]: by(
    'cli',
    "'verify', 'bundle.zip', '--trust', 'keys/trust.json'",
  ),
  'export ASSAY_KEY_PASSPHRASE=…': by('cli', 'ASSAY_KEY_PASSPHRASE'),
  [`${ASSAY}health [FILE]`]: run(0, undefined, 'health', 'ready.json'),
  [`${ASSAY}serve`]: { because: 'it serves the subject of this very test, from its pack' },
  [`${ASSAY}serve [--mock NAME] [--http PORT]`]: by('cli', "'serve'", "'--http'"),
  [`${ASSAY}serve --cis2`]: by('cli', "'--cis2'"),
  [`${ASSAY}serve --cis2 --issuer issuer`]: by('cli', "'--cis2'", "'--issuer'"),
  [`${ASSAY}serve --cis2 [--login USER] [--users FILE]`]: by('cli', "'--cis2'"),
  [`${ASSAY}serve --ssp`]: by('serve-ssp', "'--ssp'"),
  [`${ASSAY}serve --ssp [--registry FILE] [--judge FILE]`]: by('serve-ssp', "'--registry'", "'--judge'"),
  [`${ASSAY}judge-consumer -- COMMAND…`]: by('judge-consumer', "'judge-consumer'"),
  [`${ASSAY}token [--defect NAME] [--claim NAME=VALUE]…`]: by('cli', "'token'", "'--defect'"),
  [`${ASSAY}scan HOST:PORT [--json] [--consent FILE]`]: by('scan', "'scan'", "'--json'", "'--consent'"),
  [`${ASSAY}revocation --pki pki --listen HOST:PORT`]: { because: 'it has a test of its own below' },
  [`${ASSAY}revocation --pki DIR [--listen HOST:PORT]`]: { because: 'it has a test of its own below' },
  'npx playwright test --project=gpconnect': by('fronts', "'--project=gpconnect'"),
  'ASSAY_SUBJECT=subject.json npx playwright test --project=gpconnect': by('fronts', 'ASSAY_SUBJECT'),
  [`curl --cacert $C/ca.pem --cert $C/consumer.pem --key $C/consumer.key -H 'Ssp-From: …' … "$SSP/$PROVIDER/metadata"`]:
    by('serve-ssp', 'await curl('),
  'npm test': { because: CI },
  'npm run fleet': { because: CI },
  'npm run fleet [-- NAME…] [--times N] [--load]': { because: CI },
  'npm run matrix': by('matrix', 'the matrix is whole'),
  'npm run check': { because: '`npm test` begins with it' },
  'npm run freeze [-- --release]': { because: FREEZES },
  'npm run freeze && npm run check && npm run matrix': { because: FREEZES },
  'npm run bench': { because: 'it measures this machine against peers, and asserts nothing' },
  'npm run secrets [-- DIR…]': by('secrets', 'scripts/secrets.ts'),
  'npm run licences': { because: '`npm run check` runs it' },
  'npm run audit': by('audit', 'scripts/audit.ts'),
  'npm run picture': { because: 'it makes a picture for people to look at' },
  'docker build --file scripts/image/Dockerfile --tag assay .': {
    by: 'tests/selftest/package-image.ts',
    where: ["'build'", "'--file'", "'--tag'"],
  },
  'docker run --rm --read-only --cap-drop ALL --user "$(id -u)" --volume "$PWD:/data" assay run subject.json':
    {
      by: 'tests/selftest/package-image.ts',
      where: ["'--read-only'", "'--cap-drop', 'ALL'", "'--user'", "'--volume'"],
    },
  'npm pack': by('package', "'pack'"),
  'npx assay': by('package', '.bin/assay'),
};

test('every command is known: executed here or by another test, or accounted for', () => {
  assert.deepEqual(
    commands.filter((command) => !Object.hasOwn(accounts, command)),
    [],
    'a command that no test knows',
  );
  assert.deepEqual(
    Object.keys(accounts).filter((command) => !commands.includes(command)),
    [],
    'a command that the README has no more',
  );
});

test('it names every command of the program', () => {
  const source = readFileSync(join(ROOT, 'scripts/commands.ts'), 'utf8');
  const names = [...source.matchAll(/^ {4}name: '([\w-]+)'/gm)].map(([, name = '']) => name);
  assert.ok(names.length > 12);
  assert.deepEqual(
    names.filter((name) => !new RegExp(`\`(?:npm run assay -- )?${name}[ \`]`).test(README)),
    [],
  );
});

test('what another test is said to execute stands in it', () => {
  const wrong = Object.entries(accounts).flatMap(([command, account]) => {
    if (!('by' in account)) return [];
    const text = existsSync(join(ROOT, account.by)) ? readFileSync(join(ROOT, account.by), 'utf8') : '';
    const lacks = account.where.filter((words) => !text.includes(words));
    return lacks.length > 0 ? [`${command}: ${account.by} has no ${lacks.join(' ')}`] : [];
  });
  assert.deepEqual(wrong, []);
});

test('every option that it names is one of the program', () => {
  const out = readFileSync(join(ROOT, 'scripts/commands.ts'), 'utf8');
  const sources = [...out.matchAll(/import\('\.\/([\w/-]+)\.ts'\)/g)].map(([, name = '']) => name);
  const text = [...sources, 'options', 'serve-cis2', 'serve-ssp', 'acceptance', 'fleet', 'freeze']
    .map((name) => readFileSync(join(ROOT, `scripts/${name}.ts`), 'utf8'))
    .join('\n');
  const docker = ['--file', '--tag', '--rm', '--read-only', '--cap-drop', '--user', '--volume'];
  const foreign = new Set([
    ...docker,
    '--help',
    '--project',
    '--no-deps',
    '--cacert',
    '--cert',
    '--ignore-scripts',
  ]);
  const named = [...new Set([...README.matchAll(/(?<![\w-])--[a-z][a-z0-9-]+/g)].map(([name]) => name))];
  assert.deepEqual(
    named.filter((name) => !foreign.has(name) && !text.includes(name)),
    [],
  );
});

describe('what a newcomer types, against one reference that is served', () => {
  let folder: string;
  let served: ReturnType<typeof start> | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-readme-'));
    const server = start(folder, ['serve', '--ready', 'ready.json']);
    served = server;
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const ready = JSON.parse(line.toString()) as { readonly url: string; readonly pki: string };
    // The subject file as it is printed, with this provider's host and the folder of its pack.
    const printed = fences.find(({ language, body }) => language === 'json' && body.includes('"$schema"'));
    assert.ok(printed);
    const subject = JSON.parse(printed.body.replaceAll('HOST', new URL(ready.url).host)) as Record<
      string,
      unknown
    >;
    await writeFile(
      join(folder, 'subject.json'),
      JSON.stringify({ ...subject, pki: ready.pki, options: { enforcesScope: true } }),
    );
    await writeFile(
      join(folder, 'endpoints.json'),
      JSON.stringify({ endpoints: [{ name: 'a11111', subject: 'subject.json' }] }),
    );
  });
  after(async () => {
    served?.kill('SIGTERM');
    await served?.done;
    await rm(folder, { recursive: true, force: true });
  });
  for (const [command, account] of Object.entries(accounts)) {
    if (!('run' in account)) continue;
    test(command, async () => {
      const [name = '', ...rest] = account.run;
      const reaches = ['run', 'doctor', 'sweep'].includes(name) ? ['--allow-path', tmpdir()] : [];
      const { code, out, err }: Ended = await start(folder, [name, ...rest, ...reaches]).done;
      assert.equal(code, account.code, out + err);
      if (account.says) assert.match(out, account.says);
    });
  }
  test('revocation: one line when ready, SIGTERM ends it', async () => {
    const server = start(folder, ['revocation', '--pki', 'fresh']);
    const line = await Promise.race([once(server.stdout, 'data'), server.done.then(({ err }) => [err])]);
    const ready = JSON.parse(String(line[0])) as { readonly ready: boolean; readonly url: string };
    assert.ok(ready.ready && (await fetch(ready.url)).status > 0);
    server.kill('SIGTERM');
    assert.equal((await server.done).code, 0);
  });
  test('the files that it promises are there', async () => {
    for (const [, path = ''] of README.matchAll(/^(?:record|junit|report) {2,3}(\S+)$/gm))
      assert.ok((await readFile(join(folder, path), 'utf8')).length > 0, path);
  });
});

describe('what goes into the server is what the fleet runs', () => {
  const ssp = 'ssp.assay.test';
  const guide = installGuide({ ssp, hosts: ['HOST'], until: '', trustPassword: 'PASSWORD' });
  const own = [...guide.replaceAll('/path/to/your/own.key', 'provider.key').matchAll(FENCE)];
  const site = { folder: '.', port: 443, backend: 8080, pki: { ssp } } as Site;
  /** The fleet has names of its own for files and variables, and listens on loopback. */
  const renamed = (text: string): string =>
    text
      .replaceAll('server.pem', 'provider.pem')
      .replaceAll('server.key', 'provider.key')
      .replaceAll('both.pem', 'server.pem')
      .replaceAll('dh.pem', 'ffdhe2048.pem')
      .replaceAll('$ssp', '$is_ssp')
      .replaceAll('127.0.0.1:443', '443')
      .replaceAll("'SSP'", `'${ssp}'`)
      .replaceAll('./', '');
  const bare = (text: string): string => text.replace(/\s+/g, ' ').trim();
  /** Lines that say something: no comment, no bracket alone. */
  const lines = (text: string): readonly string[] =>
    text
      .split('\n')
      .map((line) => bare(line.replace(/\s+#.*$/, '')))
      .filter((line) => line.length > 1);

  test('the README prints what INSTALL.md of a pack prints', () => {
    // Prettier lays out the JavaScript of a Markdown file, and not that of a template.
    const tight = (text: string): string =>
      text
        .replace(/\s+/g, '')
        .replace(/,(?=[)}])/g, '')
        .replaceAll('"', "'");
    const printed = new Set(fences.map(({ body }) => tight(body)));
    assert.equal(own.length, 5);
    for (const [, , language, body = ''] of own) assert.ok(printed.has(tight(body)), language);
  });

  const snippet = (language: string): string => own.find((each) => each[2] === language)?.[3] ?? '';
  const fleet: Readonly<Record<string, string>> = {
    nginx: nginx(nginxKeeping, site),
    apache: apache(apacheKeeping, site),
    haproxy: haproxy(haproxyKeeping, site).replaceAll('SSP', ssp),
  };
  for (const [language, text] of Object.entries(fleet)) {
    test(`${language}: each line`, () => {
      const running = lines(renamed(text)).map((line) =>
        line
          .replace(' no-tls-tickets', '')
          .replace('bind 443', 'bind :443')
          .replace(/^(ssl_ciphers) "(.*)";/, '$1 $2;'),
      );
      assert.deepEqual(
        lines(snippet(language)).filter((line) => !running.includes(line)),
        [],
        running.join('\n'),
      );
    });
  }
  test('Tomcat: each attribute', () => {
    const attributes = (text: string): readonly string[] => text.match(/[\w]+="[^"]*"/g) ?? [];
    const running = attributes(renamed(tomcat(jsseKeeping, site)).replaceAll(TRUST_PASSWORD, 'PASSWORD'));
    assert.deepEqual(
      attributes(snippet('xml')).filter((each) => !running.includes(each)),
      [],
    );
  });
  test('Node: each option', () => {
    const source = readFileSync(join(ROOT, 'tests/selftest/fleet/servers/node.ts'), 'utf8').replaceAll(
      'APPROVED',
      "'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH'",
    );
    const options = snippet('js').match(/\b\w+: (?:'[^']*'|true)/g) ?? [];
    assert.ok(options.length >= 6);
    assert.deepEqual(
      options.filter((option) => !source.includes(option)),
      [],
    );
    assert.match(source, /getPeerCertificate\(\)\.subject\?\.CN !==/);
  });
});
