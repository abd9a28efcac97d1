import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { writePack } from '../../certs/pack.ts';
import { readPack } from '../../certs/pack-read.ts';
import { announce, keepKeys } from '../../mocks/cis2/store.ts';
import { ftrsConformant, type FtrsPolicy } from '../../mocks/provider/ftrs/policy.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { ENFORCED } from '../run/enforcement.ts';
import { withOperations } from '../run/openapi.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import { rejudge, type RunRecord } from '../run/record.ts';
import { createStand, type FtrsStand } from './ftrs-stand.ts';
import { assay } from './program.ts';

/** Every operation that a subject's OpenAPI file describes asks for a token: the file, the plan, and a run over the wire. */

const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code|A11111';
const answers = (resource: string) => ({
  '200': {
    description: 'as asked',
    content: {
      'application/fhir+json': {
        schema: { type: 'object', properties: { resourceType: { type: 'string', enum: [resource] } } },
      },
    },
  },
});
const inQuery = (name: string, example?: string) => ({
  name,
  in: 'query',
  required: true,
  schema: { type: 'string' },
  ...(example !== undefined && { example }),
});
const id = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', example: 'assay-organization' },
};
const description = {
  openapi: '3.0.3',
  info: { title: 'Directory', version: '1' },
  paths: {
    '/_ping': { get: { responses: { '200': { description: 'up', content: { 'application/json': {} } } } } },
    '/Organization': {
      get: { parameters: [inQuery('identifier', ODS)], responses: answers('Bundle') },
    },
    '/HealthcareService': {
      get: { parameters: [inQuery('organization.identifier', ODS)], responses: { $ref: '#/components/x' } },
    },
    '/Organization/{id}': {
      parameters: [id],
      put: {
        requestBody: {
          required: true,
          content: { 'application/fhir+json': { example: { resourceType: 'Organization', name: 'Assay' } } },
        },
        responses: answers('Organization'),
      },
    },
    '/Location': { get: { parameters: [inQuery('near')], responses: answers('Bundle') } },
  },
};
const whole = {
  ...description,
  paths: {
    ...description.paths,
    '/HealthcareService': {
      get: { parameters: [inQuery('organization.identifier', ODS)], responses: answers('Bundle') },
    },
  },
};

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-openapi-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('the file', () => {
  const read = async (content: unknown, exempt: Parameters<typeof withOperations>[2] = []) =>
    withOperations(ftrs, await written('description.json', content), exempt, 'subject.json#/exempt');

  test('each operation is an interaction, with its examples; what is known keeps its own', async () => {
    const { interactions } = await read(whole, [{ operation: 'GET /_ping', because: 'x' }]);
    assert.deepEqual(
      interactions.map(({ name, method, path, payload, writes, lacks }) => ({
        name,
        method,
        path,
        payload,
        writes,
        lacks,
      })),
      [
        ...ftrs.interactions.map(({ name, method, path, payload }) => ({
          name,
          method,
          path,
          payload,
          writes: undefined,
          lacks: undefined,
        })),
        {
          name: 'put-organization-id',
          method: 'PUT',
          path: '/Organization/assay-organization',
          payload: 'Organization',
          writes: 'resource',
          lacks: undefined,
        },
        {
          name: 'get-location',
          method: 'GET',
          path: '/Location?near=',
          payload: 'Bundle',
          writes: undefined,
          lacks: 'GET /Location in the OpenAPI file lacks an example of the query parameter near',
        },
      ],
    );
  });

  test('YAML is read, and an operation gets the three cases and the certificates', async () => {
    const yaml = [
      'openapi: 3.1.0',
      'info: { title: t, version: "1" }',
      'paths:',
      '  /Endpoint/{id}:',
      '    get:',
      '      parameters:',
      '        - { name: id, in: path, required: true, schema: { type: string, examples: [e-1] } }',
      '      responses:',
      '        "200": { description: ok, content: { application/fhir+json: {} } }',
    ].join('\n');
    const profile = await read(yaml);
    const planned = plan(profile, everythingOn('1.1.0')).filter((each) =>
      each.id.endsWith('@get-endpoint-id'),
    );
    assert.deepEqual(
      planned.map((each) => each.case.id),
      [
        'mutual-tls/absent',
        'mutual-tls/revoked',
        'mutual-tls/wrong-issuer',
        'mutual-tls/wrong-name',
        'isolation/token-of-another-environment',
        'exposure/key',
        'exposure/patient',
        'cis2-token/absent',
        'cis2-token/stranger-same-kid',
        'cis2-token/aal-low',
      ],
    );
    assert.equal(planned[0]?.payload, 'application/fhir+json');
    assert.ok(
      !plan(profile, everythingOn('1.1.0')).some((each) => each.id.endsWith('@find-healthcare-service')),
    );
  });

  test('an operation that writes waits for consent', async () => {
    const profile = await read(whole);
    const planned = plan(profile, { ...everythingOn('1.1.0'), consent: [] });
    const writing = planned.filter((each) => each.id.endsWith('@put-organization-id'));
    assert.ok(writing.length > 0);
    for (const { lacks } of writing) assert.match(lacks ?? '', /consent\.allow with "write"/);
  });

  for (const [title, content, wrong] of [
    ['no description', { swagger: '2.0' }, /#\/openapi: is no OpenAPI 3\.0 or 3\.1 description/],
    [
      'a reference to another host',
      { ...whole, components: { schemas: { a: { $ref: 'https://evil.example/x.json' } } } },
      /#\/components\/schemas\/a\/\$ref: leads to another document; nothing is fetched/,
    ],
    [
      'a reference to a file',
      { ...whole, components: { schemas: { a: { $ref: '../../etc/passwd' } } } },
      /leads to another document/,
    ],
    ['a reference that leads nowhere', description, /is no OpenAPI description: /],
    ['no YAML', '\ta: [', /is neither JSON nor YAML/],
    ['paths that are none', { ...whole, paths: 5 }, /is no OpenAPI description: /],
    [
      'two operations of one name',
      {
        ...whole,
        paths: {
          '/a-b': { get: { responses: answers('Bundle') } },
          '/a/b': { get: { responses: answers('Bundle') } },
        },
      },
      /two operations that would both be called get-a-b/,
    ],
  ] as const)
    test(`${title}: refused with its place`, async () => {
      await assert.rejects(read(content), (error: Error) => {
        assert.match(`${(error as { place?: string }).place ?? ''}: ${error.message}`, wrong);
        return true;
      });
    });
  test('an exemption for what is not described: refused', async () => {
    await assert.rejects(read(whole, [{ operation: 'GET /x', because: 'y' }]), /"GET \/x" is not described/);
  });
});

describe('assay run on a subject with an OpenAPI file', () => {
  let stand: FtrsStand;
  before(async () => {
    await writePack(join(folder, 'pki'), { hosts: ['localhost'] });
    stand = await createStand(await readPack(join(folder, 'pki')));
    setDefaultCACertificates([...getCACertificates('default'), stand.pki.root]);
    await keepKeys(join(folder, 'issuer'), stand.issuer.realm.keys);
    await announce(join(folder, 'issuer'), stand.issuer.issuer, stand.issuer.management);
    await written('openapi.json', whole);
  });
  after(() => stand.close());

  async function judged(policy: FtrsPolicy, more: object, ...args: readonly string[]) {
    const provider = await stand.start(policy);
    try {
      const subject = {
        profile: 'ftrs',
        url: provider.url,
        pki: 'pki',
        issuer: 'issuer',
        openapi: 'openapi.json',
        data: { organisation: 'A11111' },
        options: { keysWithin: 5 },
        exempt: [{ operation: 'GET /_ping', because: 'it says only that the service is up' }],
        ...more,
      };
      const file = await written('subject.json', subject);
      const ended = await assay(folder, 'run', file, '--out', 'out', ...args);
      const { code } = ended;
      const out = ended.out + ended.err;
      const record = JSON.parse(await readFile(join(folder, 'out', 'record.json'), 'utf8')) as RunRecord;
      return { code, out, record };
    } finally {
      await provider.close();
    }
  }
  const failed = ({ findings }: RunRecord) =>
    findings.filter(({ outcome }) => outcome === 'fail').map((finding) => finding.case);
  const open = ({ findings }: RunRecord) => findings.filter(({ outcome }) => outcome === 'inconclusive');

  test('what has no example is inconclusive, what is exempt is told with its reason, all else passes', async () => {
    const { code, out, record } = await judged(ftrsConformant, {});
    assert.equal(code, 2, out);
    assert.deepEqual(failed(record), [], out);
    assert.deepEqual([...new Set(open(record).map((each) => each.case.split('@')[1]))], ['get-location']);
    assert.match(
      open(record)[0]?.because ?? '',
      /GET \/Location in the OpenAPI file lacks an example of the query/,
    );
    assert.ok(
      record.excluded.some(
        (each) =>
          each.requirement === 'SEC-029' &&
          each.because === 'GET /_ping is exempt: it says only that the service is up',
      ),
    );
    const passed = record.findings.filter(({ outcome }) => outcome === 'pass').map((finding) => finding.case);
    for (const name of ['absent', 'stranger-same-kid', 'aal-low'])
      assert.ok(passed.includes(`cis2-token/${name}@put-organization-id`), name);
    assert.ok(passed.includes('key-set/retired-kid'));
    assert.deepEqual(rejudge(record), []);
  });

  test('an operation that is open is one failure', async () => {
    const policy: FtrsPolicy = { ...ftrsConformant, open: ['/_ping', '/Organization/assay-organization'] };
    const { code, out, record } = await judged(policy, {}, '--case', 'cis2-token/*');
    assert.equal(code, 1, out);
    assert.deepEqual(failed(record), [`${ENFORCED}@put-organization-id`]);
  });
});
