import type { Observation } from '../model.ts';
import { describe, gist, headerValues, ruleNamed, type Response } from '../oracle/response.ts';
import type { Facts } from './prepared.ts';

/** Who has to act. `ours`: this machine or this program. */
export type Culprit = 'configuration' | 'network' | 'throttled' | 'target' | 'ours';

/** Why the valid exchange did not come off, and what to try next. */
export interface Cause {
  /** The step at which it stopped. */
  readonly step: 'connection' | 'tls' | 'server-certificate' | 'client-certificate' | 'valid-exchange';
  readonly culprit: Culprit;
  readonly said: string;
  readonly next: string;
}

/** What a refusal of the certificate comes from, by the alert that says so (RFC 8446 §6.2). */
const ALERTS: Readonly<Record<number, string>> = {
  40: 'it found no version, cipher suite or certificate to agree on: `assay scan HOST:PORT` shows what it takes, and its log says why',
  42: 'it does not take the certificate: does it trust the pack, and has it the CRLs of both CAs?',
  43: 'it does not take this kind of certificate: does it ask for another key usage or algorithm?',
  44: 'it holds the certificate for revoked: is its CRL file the crl.pem of this very pack?',
  45: 'it holds the certificate for expired: is its clock right?',
  46: 'it does not take the certificate (Java says no more): does it trust the pack, and has it the CRLs of both CAs?',
  48: 'it does not know the CA: install the pack',
  51: 'the signature does not verify for it: is its ca.pem of an older pack with the same names?',
  70: 'it speaks neither TLS 1.2 nor 1.3',
  116: 'it says that no certificate came',
};

const installed = (facts: Facts): string =>
  facts.pack
    ? `does it trust ${facts.pack.folder}/provider/ca.pem, check revocation by ${facts.pack.folder}/provider/crl.pem and admit the name ${facts.pack.ssp}? ${facts.pack.folder}/provider/INSTALL.md shows how, server by server`
    : facts.own !== undefined
      ? `does it trust the issuer of credentials.valid, check revocation by the CRLs of that CA and admit the name ${facts.own}?`
      : facts.file === undefined
        ? 'it was given the CA of this run'
        : 'the subject file names no `pki`, so the provider cannot know the CA of this run: `assay pki --out pki` makes one that lasts; install it and name it';

const certificate = (said: string, facts: Facts, hint = ''): Cause => ({
  step: 'client-certificate',
  culprit: facts.pack || facts.own !== undefined || facts.file === undefined ? 'target' : 'configuration',
  said,
  next: hint === '' ? installed(facts) : `${hint} – ${installed(facts)}`,
});
const exchange = (culprit: Culprit, said: string, next: string): Cause => ({
  step: 'valid-exchange',
  culprit,
  said,
  next,
});

const REGISTERED: Readonly<Record<string, readonly [Culprit, string]>> = {
  'Ssp-To': ['configuration', 'is asid.provider in the subject file what this provider is registered as?'],
  'Ssp-From': [
    'configuration',
    'is asid.consumer in the subject file one that this provider lets in? Some keep a list of consumers',
  ],
  'Ssp-InteractionID': [
    'target',
    'it does not serve the interaction that every provider has: does the URL lead to the right service root?',
  ],
  'Ssp-TraceID': ['target', 'it wants another form of trace id than a UUID: its log says which'],
  token: [
    'configuration',
    'it does not take a token that is well formed: is `url` byte for byte as registered (it is the audience), do the two clocks agree, and, where tokens are signed, does it trust the issuer in `issuer`?',
  ],
};

/** A refusal over HTTP: by the hop in front, by the application, or by neither. */
function ofResponse(seen: Response, facts: Facts, bare: Observation | undefined): Cause {
  const said = `${describe(seen)}${gist(seen) === '' ? '' : `: “${gist(seen)}”`}`;
  const { status } = seen;
  const [after] = headerValues(seen, 'retry-after');
  if (status === 429 || (status === 503 && after !== undefined)) {
    const wait = after === undefined ? 'wait' : `wait ${after} s (Retry-After)`;
    return exchange('throttled', said, `${wait} and run again with --polite, or ask for a higher limit`);
  }
  if (status === 421)
    return exchange(
      'configuration',
      said,
      'its TLS name and its HTTP host differ for this server: is the host in `url` the one that it is configured for?',
    );
  if (status >= 502 && status <= 504)
    return exchange(
      'target',
      said,
      'the hop in front answers, and what is behind it does not: is the application up?',
    );
  if (status >= 300 && status < 400)
    return exchange(
      'configuration',
      said,
      'redirects are never followed: put the service root itself into `url`',
    );
  if (status < 300)
    return exchange(
      'configuration',
      said,
      'something answers, but not with what the valid exchange asks for: does `url` name the service root?',
    );
  if (status >= 500 && status !== 501)
    return exchange('target', said, 'it fails on a valid request: its own log says where');
  const rule = ruleNamed(seen);
  const spoken = seen.resourceType !== undefined;
  const same = bare?.kind === 'response' && bare.status === status && gist(bare) === gist(seen);
  if (rule !== undefined && rule !== 'certificate') {
    const [culprit, next] = REGISTERED[rule] ?? ['target', 'its own log says why'];
    return exchange(culprit, said, next);
  }
  if (same && !spoken && rule === undefined)
    return exchange(
      'target',
      `${said}, and the same without any certificate`,
      'it turns everybody away alike, whatever is presented: is it the right server, and does its log say why?',
    );
  if (rule === 'certificate' || (!spoken && (status === 400 || status === 403 || status >= 495)))
    return certificate(said, facts);
  if (status === 404 || status === 501)
    return exchange(
      'configuration',
      said,
      'there is nothing of that kind at that path: is `url` the service root as registered?',
    );
  return exchange('target', said, 'it refuses the valid exchange: its own log says why');
}

/**
 * Why the valid exchange was not accepted. Pure; what it cannot tell it leaves to the log of the target.
 * @param bare the same exchange without a client certificate, where it was driven
 */
export function attribute(seen: Observation, facts: Facts, bare?: Observation): Cause {
  const { host, port } = facts.destination;
  switch (seen.kind) {
    case 'nothing':
      if (/ALTNAME|does not carry the name|not trusted/.test(seen.reason))
        return {
          step: 'server-certificate',
          culprit: 'configuration',
          said: seen.reason,
          next: 'name the CA of its certificate in `trust`, or give it provider/provider.pem of the pack',
        };
      if (/no connection|no TCP/.test(seen.reason)) return unconnected(seen.reason, host, port);
      if (/^no (answer|end)/.test(seen.reason))
        return exchange(
          'target',
          seen.reason,
          'it takes the connection and says nothing: is the application behind it up?',
        );
      return exchange('ours', seen.reason, 'a fault of this machine or of Assay: ASSAY_DEBUG=1 shows more');
    case 'alert':
      return seen.alert === 70
        ? { step: 'tls', culprit: 'target', said: describe(seen), next: ALERTS[70] ?? '' }
        : certificate(describe(seen), facts, ALERTS[seen.alert]);
    case 'closed':
      return certificate(
        describe(seen),
        facts,
        'it closes without a word, as Node does with a certificate that it refuses',
      );
    case 'response':
      return ofResponse(seen, facts, bare);
    default:
      return exchange(
        'target',
        describe(seen),
        'its answer is no whole HTTP/1.1: what stands in front of it, and does that speak HTTP/1.1?',
      );
  }
}

/** No connection: by what the operating system says. */
export function unconnected(reason: string, host: string, port: number): Cause {
  const to = `${host}:${port}`;
  const next = reason.startsWith('ECONNREFUSED')
    ? `nothing listens at ${to}: is the server up, and are host and port of \`url\` (or \`connect\`) right?`
    : /ENETUNREACH|EHOSTUNREACH|ENETDOWN/.test(reason)
      ? `there is no route to ${to}: is the VPN up?`
      : /EMFILE|EADDRNOTAVAIL|ENOBUFS/.test(reason)
        ? 'this machine has no socket left: lower --concurrency'
        : `${to} does not answer: a firewall that drops, or a server that is down? Try \`curl -v telnet://${to}\` from here`;
  const culprit: Culprit = /EMFILE|EADDRNOTAVAIL|ENOBUFS/.test(reason) ? 'ours' : 'network';
  return { step: 'connection', culprit, said: reason, next };
}
