import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { DEFAULT_SSP } from '../../certs/index.ts';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { ASID } from '../../mocks/provider/data.ts';
import { SERVICE_PATH } from '../../mocks/provider/data.ts';
import { startContainer, type ImageOptions } from './container.ts';
import { prepareSubject, type SubjectOptions } from './prepare-subject.ts';
import type { Prepared } from './prepared.ts';
import { readSubject } from './subject.ts';

/** What an image is asked to be, beside its subject file. */
export type ImageWanted = Pick<ImageOptions, 'image' | 'port' | 'environment' | 'signal'>;

/**
 * Starts the provider under test from an image, with the trust pack's `provider/` mounted, and opens it as a subject.
 * Without a subject file a trust pack is made for this run alone. It is told who it is and who comes, in `ASSAY_URL`,
 * `ASSAY_ASID` and `ASSAY_SSP`. It stops and is removed with the subject, and where anything fails before.
 * @throws ConfigurationError as `prepareSubject` does, and at `--image`
 */
export async function prepareImage(
  wanted: ImageWanted,
  file: string | undefined,
  options: SubjectOptions,
): Promise<Prepared> {
  const own = file === undefined ? await ownSubject() : undefined;
  const wipe = async (): Promise<void> => {
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  };
  const described = file ?? join(own ?? '', 'subject.json');
  try {
    const subject = await readSubject(described, options);
    if (subject.connect !== undefined)
      throw new ConfigurationError(
        `${described}#/connect`,
        'says where a provider is, and --image starts another; leave one of the two out',
      );
    if (subject.pki === undefined && !subject.credentials && options.credentials === undefined)
      throw new ConfigurationError(
        `${described}#/pki`,
        'is missing: the trust pack is what the container is given to trust (`assay pki --out pki` makes one)',
      );
    const ssp = subject.pki === undefined ? undefined : (await readPack(subject.pki)).ssp;
    const container = await startContainer({
      ...wanted,
      environment: {
        ASSAY_URL: subject.url,
        ...(subject.asid && { ASSAY_ASID: subject.asid.provider }),
        ASSAY_SSP: ssp ?? DEFAULT_SSP,
        ...wanted.environment,
      },
      ...(subject.pki !== undefined && { folder: join(subject.pki, 'provider') }),
    });
    try {
      const prepared = await prepareSubject(described, { ...options, connect: container.connect });
      return {
        ...prepared,
        subject: { ...prepared.subject, image: container.image },
        facts: { ...prepared.facts, passing: true },
        close: async () => {
          try {
            await prepared.close();
          } finally {
            await container.close();
            await wipe();
          }
        },
      };
    } catch (error) {
      await container.close();
      throw error;
    }
  } catch (error) {
    await wipe();
    throw error;
  }
}

/** A private folder with a trust pack and a subject file for one run. */
async function ownSubject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-image-')); // 0700 by mkdtemp
  try {
    await writePack(join(folder, 'pki'), {});
    const subject = { profile: 'gpconnect', url: `https://localhost${SERVICE_PATH}`, pki: 'pki', asid: ASID };
    await writeFile(join(folder, 'subject.json'), JSON.stringify(subject));
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
