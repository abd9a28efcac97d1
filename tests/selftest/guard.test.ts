import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import {
  guard,
  normaliseHost,
  parseHostPort,
  resolveDestination,
  type Activity,
  type Consent,
} from '../run/guard.ts';

const today = new Date('2026-11-24T12:00:00Z');
const consentTo = (host: string, more: Partial<Consent> = {}): Consent => ({
  environment: 'INT',
  host,
  by: 'A. Tester',
  until: '2026-12-31',
  allow: ['wire', 'write', 'active', 'ports', 'downtime'],
  ...more,
});
const lookups: Readonly<Record<string, readonly string[]>> = {
  'public.test': ['93.184.216.34'],
  'near.test': ['10.0.0.7', '192.168.1.1'],
  'mixed.test': ['10.0.0.7', '93.184.216.34'],
};
const find = (host: string) => Promise.resolve(lookups[host] ?? []);

async function refusal(
  url: string,
  options: { connect?: string; consent?: Consent; activities?: readonly Activity[] } = {},
) {
  const { connect, consent, activities = ['wire'] } = options;
  try {
    guard(await resolveDestination(url, connect, 's.json#/connect', find), activities, consent, {
      place: 's.json',
      today,
    });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return error.message;
  }
}

describe('the Spine itself: never', () => {
  const spine = [
    'proxy.int.spine2.ncrs.nhs.uk',
    'am.nhsint.auth-ptl.cis2.spineservices.nhs.uk',
    'x.hscic.gov.uk',
    'ncrs.nhs.uk',
    'hscic.gov.uk',
  ];
  for (const host of spine) {
    test(host, async () => {
      const consent = consentTo(host);
      assert.match(
        (await refusal(`https://${host}/x`, { consent })) ?? '',
        /never talks to it, with any consent/,
      );
      assert.match(
        (await refusal('https://provider.test/x', { connect: `${host}:443`, consent })) ?? '',
        /never talks/,
      );
    });
  }
  test('in any letter case, with any dots, in other scripts', async () => {
    for (const host of [
      'PROXY.NCRS.NHS.UK',
      'proxy.ncrs.nhs.uk.',
      'proxy.ncrs.nhs.uk..',
      'proxy。ncrs。nhs。uk',
      'ｎcrs.nhs.uk',
      'proxy%2Encrs.nhs.uk',
    ]) {
      const url = `https://${host}/x`;
      if (URL.canParse(url)) assert.match((await refusal(url)) ?? 'let through', /never talks/, host);
      assert.notEqual(
        await refusal('https://a.test/x', { connect: `${host}:443` }).catch(() => 'refused'),
        undefined,
        host,
      );
    }
  });
  test('no consent ever admits a host of the Spine (property)', async () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,10}$/);
    const casing = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        label,
        fc.constantFrom('ncrs.nhs.uk', 'spineservices.nhs.uk', 'hscic.gov.uk'),
        casing,
        fc.boolean(),
        async (sub, domain, upper, dot) => {
          const name =
            [...`${sub}.${domain}`]
              .map((letter, at) => (upper[at] ? letter.toUpperCase() : letter))
              .join('') + (dot ? '.' : '');
          assert.match(
            (await refusal(`https://${name}/x`, { consent: consentTo(name) })) ?? 'let through',
            /never talks/,
          );
        },
      ),
    );
  });
  test('a name that only looks like one', async () => {
    assert.equal(await refusal('https://ncrs.nhs.uk.example/x'), undefined);
    assert.equal(await refusal('https://notncrs.example/x'), undefined);
    assert.match((await refusal('https://xncrs.nhs.uk/x')) ?? '', /needs consent/);
  });
});

describe('the rest of the health service: with dated consent', () => {
  const host = 'gp.supplier.thirdparty.nhs.uk';
  const url = `https://${host}/x`;
  test('without', async () => {
    assert.match(
      (await refusal(url)) ?? '',
      /s\.json#\/consent: .* belongs to the health service; that needs consent/,
    );
    assert.match((await refusal('https://mail.nhs.net/x')) ?? '', /needs consent/);
    assert.match((await refusal('https://nhs.uk/x')) ?? '', /needs consent/);
  });
  test('with', async () => assert.equal(await refusal(url, { consent: consentTo(host) }), undefined));
  test('with, in another letter case', async () => {
    assert.equal(await refusal(url, { consent: consentTo(`${host.toUpperCase()}.`) }), undefined);
  });
  const table: readonly (readonly [Partial<Consent>, RegExp])[] = [
    [{ host: 'other.nhs.uk' }, /#\/consent\/host: the consent is for "other\.nhs\.uk"/],
    [{ host: 'supplier.thirdparty.nhs.uk' }, /#\/consent\/host/],
    [{ until: '2026-11-23' }, /#\/consent\/until: the consent ended on 2026-11-23/],
    [{ allow: ['write'] }, /#\/consent\/allow: the consent does not allow wire/],
    [{ environment: 'LIVE' }, /#\/consent\/environment: "LIVE" is a live environment/],
    [{ environment: ' production ' }, /#\/consent\/environment/],
    [{ environment: 'prod-1' }, /#\/consent\/environment/],
  ];
  for (const [change, says] of table) {
    test(JSON.stringify(change), async () => {
      assert.match((await refusal(url, { consent: consentTo(host, change) })) ?? 'let through', says);
    });
  }
  test('its last day still counts', async () => {
    assert.equal(await refusal(url, { consent: consentTo(host, { until: '2026-11-24' }) }), undefined);
  });
});

describe('what is dialled counts', () => {
  test('a registered name served on this machine', async () => {
    assert.equal(await refusal('https://gp.thirdparty.nhs.uk/x', { connect: '127.0.0.1:8443' }), undefined);
    assert.equal(await refusal('https://gp.thirdparty.nhs.uk/x', { connect: '[::1]:8443' }), undefined);
  });
  test('a harmless name that leads to the health service', async () => {
    assert.match((await refusal('https://localhost/x', { connect: 'gp.nhs.uk:443' })) ?? '', /needs consent/);
  });
  const serious: readonly Activity[] = ['wire', 'active'];
  const active: readonly (readonly [string, boolean])[] = [
    ['https://127.0.0.1/x', true],
    ['https://127.1/x', true],
    ['https://0x7f.0.0.1/x', true],
    ['https://[::ffff:127.0.0.1]/x', true],
    ['https://10.1.2.3/x', true],
    ['https://172.32.0.1/x', false],
    ['https://93.184.216.34/x', false],
    ['https://near.test/x', true],
    ['https://public.test/x', false],
    ['https://mixed.test/x', false],
    ['https://unknown.test/x', true],
    ['https://unknown.com/x', false],
  ];
  for (const [url, allowed] of active) {
    test(`active cases against ${url}: ${allowed ? 'free' : 'with consent'}`, async () => {
      assert.equal((await refusal(url, { activities: serious })) === undefined, allowed);
      assert.equal(await refusal(url), undefined, 'the wire alone is free');
      const host = normaliseHost(new URL(url).hostname) ?? '';
      assert.equal(await refusal(url, { activities: serious, consent: consentTo(host) }), undefined);
    });
  }
});

test('addresses to dial are parsed or refused', () => {
  assert.deepEqual(parseHostPort('Provider.TEST.:443', '--x'), { host: 'provider.test', port: 443 });
  assert.deepEqual(parseHostPort('[::1]:8443', '--x'), { host: '::1', port: 8443 });
  for (const text of [
    'provider',
    'provider:',
    ':443',
    'provider:0',
    'provider:65536',
    'a@b:443',
    'https://a:443',
    '::1:443',
    'a b:443',
    '',
  ]) {
    assert.throws(() => parseHostPort(text, '--x'), /--x: .* is no address; write host:port/, text);
  }
});

test('a name without an address is no mistake of the configuration', async () => {
  const found = await resolveDestination('https://unknown.test/x', undefined, '', find);
  assert.deepEqual(found, { host: 'unknown.test', port: 443, addresses: [] });
});
