import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { asObservation } from '../drive/offer.ts';
import { hello } from '../drive/hello.ts';
import type { Observation } from '../model.ts';
import { describe, headerValues } from '../oracle/response.ts';
import { unconnected, type Cause } from './attribution.ts';
import type { Facts, Prepared } from './prepared.ts';
import { checkOf, fine, unreached, failing, type Check } from './doctor-checks.ts';

/** Milliseconds that a bare hello may take. */
const HELLO_MS = 5_000;

/** Seconds by which a clock may be out before it is told: `Date` has whole seconds, and a network takes its time. */
const TOLERANCE_S = 5;

/** Milliseconds of a day. */
export const DAY = 86_400_000;

/** The day of a moment, `YYYY-MM-DD`. */
export const day = (date: Date): string => date.toISOString().slice(0, 10);

interface Shaken {
  readonly checks: readonly Check[];
  readonly seen: Observation;
  /** There is nothing to drive an exchange at. */
  readonly over: boolean;
}

/** Connection, TLS and server certificate, by a bare hello: it needs no credential and sees the certificate in clear. */
export async function shake({ run, facts }: Prepared): Promise<Shaken> {
  const { target, bounds } = run;
  const patience = Math.min(HELLO_MS, bounds?.patience ?? HELLO_MS);
  const offer = { version: 'TLSv1.2' } as const;
  const { answer } = await hello(target, offer, patience);
  const seen = asObservation(answer, offer);
  const at = `${target.address}:${target.port}`;
  if (answer.kind === 'nothing') {
    const { host, port } = facts.destination;
    if (/no connection|no TCP/.test(answer.reason))
      return { over: true, seen, checks: [failing(unconnected(answer.reason, host, port))] };
    const cause: Cause = {
      step: 'tls',
      culprit: answer.reason.startsWith('ours:') ? 'ours' : 'target',
      said: answer.reason,
      next: 'it takes the connection and does not answer a hello: is this the TLS port, and is the server busy?',
    };
    return { over: true, seen, checks: [fine('connection', at), failing(cause)] };
  }
  const connection = fine('connection', at);
  if (answer.kind === 'other') {
    const cause: Cause = {
      step: 'tls',
      culprit: 'configuration',
      said: describe(seen),
      next: 'that port speaks no TLS: do `url` and `connect` name the one that does?',
    };
    return { over: true, seen, checks: [connection, failing(cause)] };
  }
  if (answer.kind !== 'server-hello') {
    const newer = await hello(target, { version: 'TLSv1.3' }, patience);
    const checks =
      newer.answer.kind === 'server-hello'
        ? [fine('tls', `TLSv1.3 alone; to TLS 1.2: ${describe(seen)}`)]
        : [
            checkOf(
              'tls',
              'failed',
              `${describe(seen)}, to TLS 1.2 and 1.3 alike`,
              'target',
              `a bare hello is turned away before any certificate: does it speak TLS 1.2 or 1.3, let this address in, and know the name ${target.servername}? \`assay scan\` shows what it takes`,
            ),
          ];
    return { over: false, seen, checks: [connection, ...checks] };
  }
  return {
    over: false,
    seen,
    checks: [connection, fine('tls', describe(seen)), ofServer(answer.chain, run.target, facts)],
  };
}

/** The certificate that the server shows, as the exchange will look at it. */
function ofServer(
  chain: readonly Buffer[],
  { servername, trust }: Prepared['run']['target'],
  facts: Facts,
): Check {
  const id = 'server-certificate';
  const shown = chain.map((der) => new X509Certificate(der));
  const [leaf] = shown;
  if (!leaf) return unreached(id, 'none was seen in clear');
  const names = (leaf.subjectAltName ?? leaf.subject).replaceAll('\n', ', ');
  const now = Date.now();
  if (new Date(leaf.validTo).getTime() < now)
    return checkOf(id, 'failed', `it expired on ${leaf.validTo}`, 'target', 'renew it, or check this clock');
  if (new Date(leaf.validFrom).getTime() > now)
    return checkOf(id, 'failed', `it is valid from ${leaf.validFrom}`, 'target', 'check both clocks');
  const carried = isIP(servername) ? leaf.checkIP(servername) : leaf.checkHost(servername);
  if (carried === undefined) {
    return checkOf(
      id,
      'failed',
      `it is for ${names}, and the URL says ${servername}`,
      'configuration',
      `\`assay pki --host ${servername}\` makes one for that name; or put the name that it has into \`url\``,
    );
  }
  if (!anchored(leaf, shown.slice(1), trust)) {
    const where =
      facts.trust ?? (facts.pack ? `${facts.pack.folder}/provider/root.pem` : 'the CA of this run');
    return checkOf(
      id,
      'failed',
      `its chain does not lead to ${where}; it is issued by ${leaf.issuer.replaceAll('\n', ', ')}`,
      'configuration',
      'name the CA of its certificate in `trust`, or give the server provider/provider.pem of the pack, which holds the sub CA too',
    );
  }
  return fine(id, `for ${names}, trusted, until ${day(new Date(leaf.validTo))}`);
}

/** Whether a chain leads to an anchor: issuer by issuer, signatures checked. */
function anchored(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  trust: readonly string[],
): boolean {
  const anchors = trust.flatMap((pem) =>
    (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
      (each) => new X509Certificate(each),
    ),
  );
  let at = leaf;
  for (let steps = 0; steps < 8; steps += 1) {
    const issuedBy = (each: X509Certificate): boolean => at.checkIssued(each) && at.verify(each.publicKey);
    if (anchors.some((anchor) => anchor.fingerprint256 === at.fingerprint256 || issuedBy(anchor)))
      return true;
    const next = chain.find((each) => each.fingerprint256 !== at.fingerprint256 && issuedBy(each));
    if (!next) return false;
    at = next;
  }
  return false;
}

/** Our own clock against the `Date` of an answer (RFC 9110 §6.6.1): bounds, since it has whole seconds. */
export function ofClock(seen: Observation, sent: number, received: number, { clockSkew = 0 }: Facts): Check {
  const id = 'clock';
  if (seen.kind !== 'response') return unreached(id);
  const date = Date.parse(headerValues(seen, 'date')[0] ?? '');
  if (Number.isNaN(date)) return unreached(id, 'the answer has no Date');
  const [least, most] = [(date - received) / 1000, (date + 1000 - sent) / 1000];
  const off = least > 0 ? least : most < 0 ? most : 0;
  if (Math.abs(off) <= clockSkew + TOLERANCE_S)
    return fine(id, `the target's Date is within ${Math.max(1, Math.ceil(Math.abs(off)))} s of ours`);
  return checkOf(
    id,
    'warning',
    `the target's clock is ${Math.round(Math.abs(off))} s ${off > 0 ? 'ahead of' : 'behind'} ours`,
    'target',
    'times in tokens and certificates are judged by it: set both by NTP, or say so in options.clockSkew',
  );
}
