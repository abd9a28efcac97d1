import type { FullConfig, FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';
import { join } from 'node:path';
import type { TlsVersion } from '../model.ts';
import type { Finding } from './finding.ts';
import { ALONE, frontOf } from './front.ts';
import { beginAttempt, LEDGER, type Attempt } from './ledger.ts';
import { profileNamed } from './prepared.ts';
import { EVIDENCE, evidenceFiles, publish, takeOver, type Handed } from './publish.ts';
import { checkRecord } from './record-schema.ts';
import type { Shard } from './shard.ts';
import { recordOf } from './told.ts';

/** The one Playwright reporter of ours: keeps the findings and writes the record, renders nothing. */
export default class Recorder implements Reporter {
  readonly #started = new Date();
  readonly #findings = new Map<string, readonly Finding[]>();
  readonly #order: string[] = [];
  #versions: readonly TlsVersion[] = [];
  #ssp: string | undefined;
  #shard: Shard | undefined;
  readonly #evidence = new Map<string, string>();
  readonly #directory: string;
  readonly #profiles = new Set<string>();
  #attempt: Promise<Attempt | undefined> | undefined;

  constructor({ directory }: { readonly directory: string }) {
    this.#directory = directory;
  }

  onBegin({ shard }: Pick<FullConfig, 'shard'>, suite: { allTests(): TestCase[] }): void {
    if (shard) this.#shard = { index: shard.current, of: shard.total };
    for (const test of suite.allTests()) {
      this.#order.push(test.title);
      const name = test.parent.project()?.name;
      if (name !== undefined) this.#profiles.add(name.replace(new RegExp(`${ALONE}$`), ''));
    }
  }

  onTestBegin(): void {
    this.#attempt ??= this.#begin();
    // Told at the end, where Playwright waits for it.
    this.#attempt.catch(() => {});
  }

  /** As the first test begins: what only lists the tests is no attempt. */
  async #begin(): Promise<Attempt | undefined> {
    const [name = '', ...others] = this.#profiles;
    if (others.length > 0) return undefined;
    const { subject } = await frontOf(profileNamed(name, '--project'));
    const about = { profile: name, subject, shard: this.#shard };
    return beginAttempt(join(this.#directory, LEDGER), about, 'ASSAY_RECORD_DIR');
  }

  onTestEnd({ title, annotations }: TestCase, { attachments }: TestResult): void {
    const told = annotations.find(({ type }) => type === 'versions')?.description;
    if (told) this.#versions = told.split(' ') as TlsVersion[];
    this.#ssp ??= annotations.find(({ type }) => type === 'ssp')?.description;
    for (const { name, body } of attachments) {
      if (name !== 'evidence' || !body) continue;
      for (const [digest, text] of takeOver(JSON.parse(body.toString()) as Handed))
        this.#evidence.set(digest, text);
    }
    const found = attachments.flatMap(({ name, body }) =>
      name === 'finding' && body ? [JSON.parse(body.toString()) as Finding] : [],
    );
    if (found.length > 0) this.#findings.set(title, found);
  }

  async onEnd(_result: FullResult): Promise<void> {
    if (this.#findings.size === 0) return;
    const [name = '', ...others] = this.#profiles;
    // A record is of one subject, and a subject of one profile: a suite of several has no record.
    if (others.length > 0) return;
    const profile = profileNamed(name, '--project');
    const front = await frontOf(profile);
    const planned = front.planned.map(({ id }) => id);
    const own = new Set(this.#order);
    // What `--grep` left out is not told here; a shard that was narrowed as well makes no whole with the others.
    const narrowed = !this.#shard && planned.some((id) => !own.has(id));
    const record = recordOf(
      this.#order.flatMap((title) => this.#findings.get(title) ?? []),
      {
        ...front,
        profile,
        subject: { ...front.subject, ...(this.#ssp !== undefined && { ssp: this.#ssp }) },
      },
      {
        started: this.#started,
        versions: this.#versions,
        ...(narrowed && { selection: this.#order }),
        ...(this.#shard && { shard: { ...this.#shard, plan: planned } }),
      },
    );
    checkRecord(record);
    const text = `${JSON.stringify(record, null, 2)}\n`;
    await publish(this.#directory, [{ name: 'record.json', text }], {
      [EVIDENCE]: evidenceFiles(record, this.#evidence),
    });
    await (await this.#attempt)?.end(record, text);
  }
}
