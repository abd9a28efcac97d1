import { execFile } from 'node:child_process';

/**
 * `npm run audit`: what the registry knows against the packages of the lock file. Exit 0 where it knows nothing, 1 where
 * it does, 2 where it does not say: some registries offer no advisories, and none offers them without a network.
 */
interface Report {
  readonly error?: { readonly code?: string; readonly summary?: string };
  readonly message?: string;
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly severity: string; readonly range: string; readonly via: readonly unknown[] }>
  >;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const ask = (): Promise<string> =>
  new Promise((done) => {
    execFile(
      'npm',
      ['audit', '--json', ...process.argv.slice(2)],
      { maxBuffer: 64_000_000 },
      (_failed, out) => done(out),
    );
  });

function read(text: string): Report {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return { message: text.trim().slice(0, 200) || 'npm said nothing' };
  }
}

const { error, message, metadata, vulnerabilities = {} } = read(await ask());
if (!metadata) {
  const why = message ?? error?.summary ?? error?.code ?? 'no reason given';
  say(`not audited: the registry offers no advisories here (${why.split('\n')[0]})`);
  process.exitCode = 2;
} else {
  for (const [name, { severity, range, via }] of Object.entries(vulnerabilities)) {
    const titles = via.flatMap((each) =>
      typeof each === 'object' && each !== null && 'title' in each ? [String(each.title)] : [],
    );
    say(`${severity}: ${name} ${range}${titles.length > 0 ? `: ${titles.join('; ')}` : ''}`);
  }
  const count = metadata.vulnerabilities['total'] ?? Object.keys(vulnerabilities).length;
  say(
    count === 0
      ? 'nothing is known against any package'
      : `${count} known: critical within 14 days, high within 30`,
  );
  process.exitCode = count === 0 ? 0 : 1;
}
