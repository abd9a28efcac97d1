import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a provider of records decides about a retrieval through the SSP. */
export interface RetrievalPolicy {
  /** Whether a PDF is put into a FHIR Binary. */
  readonly wraps: boolean;
  /** Status for a record that does not exist. */
  readonly unknown: number;
  /** Whether a request without one of the five headers is refused: the pages of the NRL leave that open. */
  readonly wantsHeaders: boolean;
  /** Methods by which a record is served. */
  readonly methods: readonly string[];
}

/** Where the reference's records are registered, and the one that it has. */
const RECORDS_PATH = '/A11111/records';
const RECORD = 'record-1.pdf';

const HEADERS = ['authorization', 'ssp-traceid', 'ssp-from', 'ssp-to', 'ssp-interactionid'];
/** A PDF of one empty page, short enough to be read here. */
const PDF = [
  '%PDF-1.4',
  '1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj',
  '2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj',
  '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj',
  'trailer<</Root 1 0 R>>',
  '%%EOF',
].join('\n');

/** Answers a retrieval; `false`: the path is none of the records'. */
export function retrieve(
  request: IncomingMessage,
  response: ServerResponse,
  policy: RetrievalPolicy,
  headers: Readonly<Record<string, string>>,
): boolean {
  const { pathname } = new URL(request.url ?? '/', 'https://provider.invalid');
  if (!pathname.startsWith(`${RECORDS_PATH}/`)) return false;
  const text = (status: number, said: string): true => {
    response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(said);
    return true;
  };
  const missing = HEADERS.find((name) => request.headers[name] === undefined);
  if (policy.wantsHeaders && missing !== undefined) return text(400, `${missing} is missing`);
  if (!policy.methods.includes(request.method ?? '')) return text(405, 'only GET');
  if (pathname !== `${RECORDS_PATH}/${RECORD}`) return text(policy.unknown, 'there is no such record');
  const wrapped = JSON.stringify({
    resourceType: 'Binary',
    contentType: 'application/pdf',
    content: Buffer.from(PDF).toString('base64'),
  });
  const type = policy.wraps ? 'application/fhir+json;charset=utf-8' : 'application/pdf';
  response.writeHead(200, { 'Content-Type': type, ...headers }).end(policy.wraps ? wrapped : PDF);
  return true;
}

/** The reference as a provider of records, beside its other service roots. */
export const recordsAt = (url: string, asid: { readonly provider: string; readonly consumer: string }) => ({
  url: new URL(RECORDS_PATH, url).href,
  asid: { ...asid },
  data: { document: RECORD },
});
