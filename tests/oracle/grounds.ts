import type { Strength } from '../model.ts';

/** Why each form of refusal is believed to be one: the clause that provides for it, or the server that does so. */
const GROUNDS: Readonly<Record<Strength, string>> = {
  alert: 'RFC 5246 §7.2.2, RFC 8446 §6.2',
  terminator: 'as nginx refuses with 400, HAProxy and API gateways with 403',
  application: 'as the GP Connect demonstrator refuses with 495 or 496 and an OperationOutcome',
  'other-page': 'as nginx does under `error_page 495 =200`',
  closed: "as Node's https server does in TLS 1.3",
  reset: "as Node's https server does in TLS 1.2",
};

/** The ground in brackets, to stand behind what was seen; nothing where no strength is known. */
export const groundOf = (strength: Strength | undefined): string =>
  strength === undefined ? '' : ` (${GROUNDS[strength]})`;
