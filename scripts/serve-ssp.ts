import { createWriteStream, readFileSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { createConsumerPki, DEFAULT_CONSUMER, type ConsumerPki } from '../certs/consumer.ts';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { makeFolder } from '../certs/folder.ts';
import type { Credential, Hierarchy } from '../certs/index.ts';
import { readAuthorities } from '../certs/pack-read.ts';
import { olderReferenceAt } from '../mocks/provider/data.ts';
import { recordsAt } from '../mocks/provider/retrieval.ts';
import { interactions } from '../mocks/ssp/interactions.ts';
import type { Provider } from '../mocks/provider/server.ts';
import { ASID } from '../mocks/provider/data.ts';
import { auditLine } from '../mocks/ssp/audit.ts';
import { startManagement } from '../mocks/ssp/management.ts';
import { registeredId } from '../mocks/ssp/registry.ts';
import { startSsp, type Passage } from '../mocks/ssp/proxy.ts';
import { createRedactor } from '../tests/drive/redact.ts';
import { lintConsumer, type ConsumerRecord } from '../tests/run/consumer.ts';
import { writeWhole } from '../tests/run/record.ts';
import { readRegistry } from '../tests/run/registry.ts';
import { dialled } from './ready.ts';

/** What the person who serves an SSP says of it. */
export interface SspFlags {
  readonly registry?: string;
  readonly listen?: string;
  readonly managementListen?: string;
  readonly sspPort?: number;
  readonly managementPort?: number;
  readonly sspHost: readonly string[];
  readonly audit?: string;
  /** Where the record of the consumer goes. */
  readonly judge?: string;
}

/** What the ready line says of it. */
export interface SspReady {
  readonly url: string;
  /** HOST:PORT at which it is dialled from here. */
  readonly connect: string;
  readonly management: string;
  /** For `Authorization: Bearer` on the management port. */
  readonly token: string;
  /** The registry in force. */
  readonly registry: string;
  /** What a consumer needs: `ca.pem`, `crl.pem`, `consumer.pem`, `consumer.key`. */
  readonly consumer: string;
}

export interface OpenSsp {
  readonly ready: { readonly ssp: SspReady };
  readonly close: () => Promise<void>;
}

/** Loopback names are in the certificate whatever else is. */
export const NAMES = ['localhost', '127.0.0.1', '::1'];

/** Starts the listening SSP beside an embedded provider, with its management port and the consumer's files. */
export async function openSsp(
  flags: SspFlags,
  {
    provider,
    hierarchy,
    pki,
    folder,
  }: { provider: Provider; hierarchy: Hierarchy; pki: string; folder: string },
  onPassage: (passage: Passage) => void = () => {},
): Promise<OpenSsp> {
  const hosts = [...flags.sspHost, ...NAMES, hierarchy.ssp];
  const made = await createConsumerPki(await readAuthorities(pki), { hosts, crls: hierarchy.crls });
  const consumer = join(pki, 'consumer');
  await placeConsumer(consumer, made, hierarchy);
  const registryFile = flags.registry ?? (await exampleRegistry(join(folder, 'registry.json'), provider));
  const { registry, reached, trust } = await readRegistry(registryFile);
  const { redact } = createRedactor();
  const audit = flags.audit === undefined ? process.stderr : createWriteStream(flags.audit, { flags: 'a' });
  await opened(audit, flags.audit);
  const lint = lintConsumer(registry.endpoints.map(({ url }) => url));
  const ssp = await startSsp({
    registry,
    reached,
    server: made.ssp.good,
    consumers: { trust: [hierarchy.root, hierarchy.sub], crls: made.crls },
    provider: { identity: hierarchy.clients.valid, trust: [trust ?? hierarchy.root] },
    listen: {
      ...(flags.listen !== undefined && { address: flags.listen }),
      ...(flags.sspPort !== undefined && { port: flags.sspPort }),
    },
    onPassage: (passage) => {
      audit.write(`${auditLine(passage, redact)}\n`);
      lint.see(passage);
      onPassage(passage);
    },
  });
  const management = await startManagement({
    faults: ssp.faults,
    ...(flags.managementPort !== undefined && { port: flags.managementPort }),
    ...(flags.managementListen !== undefined && { host: flags.managementListen }),
  });
  return {
    ready: {
      ssp: {
        url: `https://${flags.sspHost[0] ?? 'localhost'}:${ssp.port}`,
        connect: dialled(flags.listen, ssp.port),
        management: management.url,
        token: management.token,
        registry: registryFile,
        consumer,
      },
    },
    close: async () => {
      await Promise.all([ssp.close(), management.close()]);
      if (flags.judge !== undefined) await writeRecord(flags.judge, lint.record(packageVersion()));
      if (audit !== process.stderr) await new Promise<void>((done) => audit.end(() => done()));
    },
  };
}

const packageVersion = (): string =>
  (
    JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    }
  ).version;

/** Writes the record of the consumer and says in one line on standard error what it comes to. */
async function writeRecord(file: string, record: ConsumerRecord): Promise<void> {
  await writeWhole(dirname(file), [{ name: basename(file), text: `${JSON.stringify(record, null, 2)}\n` }]);
  const failed = record.findings.filter(({ outcome }) => outcome === 'fail');
  const names = failed.map(({ requirement }) => requirement).join(', ');
  process.stderr.write(
    `consumer ${record.verdict} in ${record.requests} requests${names ? `: ${names}` : ''}; record ${file}\n`,
  );
}

/** @throws ConfigurationError on `--audit` where the file cannot be written */
const opened = (stream: NodeJS.WritableStream, file: string | undefined): Promise<void> =>
  file === undefined
    ? Promise.resolve()
    : new Promise((ready, failed) => {
        stream.once('open', () => ready());
        stream.once('error', () => failed(new ConfigurationError('--audit', `cannot write ${file}`)));
      });

/** What a retrieval of the NRL says in its header. */
const NRL_RETRIEVAL = 'urn:nhs:names:services:nrl:DocumentReference.content.read';

/** A registry with the embedded provider and one consumer: what works at once, and an example to change. */
export async function exampleRegistry(file: string, { url, port, asid }: Provider): Promise<string> {
  const idsOf = (html: boolean): readonly string[] => [
    ...new Set(interactions.filter(({ capability }) => (capability === 'html') === html).map(({ id }) => id)),
  ];
  const retrieval = [registeredId(NRL_RETRIEVAL)];
  const common = { asid, connect: `127.0.0.1:${port}`, cpaId: 'S00000A000000' };
  const registry = {
    senders: [
      {
        asid: ASID.consumer,
        fqdn: DEFAULT_CONSUMER,
        interactions: [...idsOf(false), ...idsOf(true), ...retrieval],
      },
    ],
    // GP Connect 1.x, Access Record HTML, and the records to which pointers of the NRL point.
    endpoints: [
      { ...common, url, interactions: idsOf(false) },
      { ...common, url: olderReferenceAt(url).url, interactions: idsOf(true) },
      { ...common, url: recordsAt(url, ASID).url, interactions: retrieval },
    ],
    sharing: [{ from: ASID.consumer, to: asid }],
  };
  await writeFile(file, `${JSON.stringify(registry, null, 2)}\n`);
  return file;
}

/** The consumer's files. A certificate that is still good under the pack's CA stays: a consumer installs it once. */
export async function placeConsumer(dir: string, { consumer, crls }: ConsumerPki, { root, sub }: Hierarchy) {
  await makeFolder(dir, 0o700);
  const kept = await stillGood(dir, sub);
  const chainOf = ({ certificate, chain }: Credential): string => [certificate, ...chain].join('');
  await writeFile(join(dir, 'ca.pem'), `${root}${sub}`);
  await writeFile(join(dir, 'crl.pem'), crls.join(''));
  if (kept) return;
  await rm(join(dir, 'consumer.key'), { force: true });
  await writeFile(join(dir, 'consumer.key'), consumer.key, { mode: 0o600 });
  await writeFile(join(dir, 'consumer.pem'), chainOf(consumer));
}

async function stillGood(dir: string, sub: string): Promise<boolean> {
  try {
    const certificate = new X509Certificate(await readFile(join(dir, 'consumer.pem')));
    await stat(join(dir, 'consumer.key'));
    const left = Date.parse(certificate.validTo) - Date.now();
    return left > 86_400_000 && certificate.verify(new X509Certificate(sub).publicKey);
  } catch {
    return false;
  }
}
