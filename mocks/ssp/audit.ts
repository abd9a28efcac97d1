import type { Passage } from './proxy.ts';

/** The four headers by which a request is audited. */
const AUDITED = ['Ssp-TraceID', 'Ssp-From', 'Ssp-To', 'Ssp-InteractionID'] as const;

/** A text with its percent-escapes undone, so that nothing hides in them; as it is where they are wrong. */
function decoded(text: string): string {
  let clear = text;
  for (let times = 0; times < 3 && clear.includes('%'); times += 1) {
    try {
      clear = decodeURIComponent(clear);
    } catch {
      return clear.replace(/%[0-9a-f]{2}/gi, (escape) => String.fromCharCode(parseInt(escape.slice(1), 16)));
    }
  }
  return clear;
}

const valueOf = (raw: readonly string[], name: string): string =>
  raw
    .flatMap((each, at) =>
      at % 2 === 0 && each.toLowerCase() === name.toLowerCase() ? [raw[at + 1] ?? ''] : [],
    )
    .join(', ');

/**
 * The audit entry of a request, in one line of JSON: what the SSP keeps of it (Specification for Direction, table 2).
 * @param redact takes NHS numbers and other secrets out of a text
 */
export function auditLine(passage: Passage, redact: (text: string) => string): string {
  const { at, ms, peer, method, target, rawHeaders, answered, status, bytes } = passage;
  const { address, certificate, protocol, cipher } = peer;
  return JSON.stringify({
    time: at.toISOString(),
    method,
    address,
    url: redact(decoded(target)),
    certificate: certificate && { serial: certificate.serial, subject: redact(certificate.subject) },
    contentType: redact(valueOf(rawHeaders, 'Content-Type')),
    protocol,
    cipher,
    ...Object.fromEntries(AUDITED.map((name) => [name, redact(valueOf(rawHeaders, name))])),
    answered,
    status,
    bytes,
    ms,
  });
}
