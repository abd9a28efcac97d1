import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { rootsAt } from './data.ts';
import { dialectOf, inDialect, stu3, type Dialect } from './dialect.ts';
import type { Policy } from './policy.ts';
import type { Diary } from './diary.ts';
import { answerTo, asXml, etagOf, type Resource } from './resources.ts';
import { giveWay, withReader } from './weakness.ts';
import { retrieve } from './retrieval.ts';
import { letsRound } from './rounds.ts';
import { judgeRequest, type Reason, type Registration } from './rules.ts';
import { refused } from './welcome.ts';
import { tell, cache, wantsXml } from './tell.ts';

/** Bytes of body that are read; more is cut off. */
const LARGEST_BODY = 5_000_000;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Answers one request as the policy says: certificate, ways round, weaknesses, then the rules of the request. */
export async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  policy: Policy,
  self: Registration,
  diary: Diary,
): Promise<void> {
  const guarded = policy.guards === 'all' || policy.guards.test(request.url ?? '');
  const wanted = guarded ? refused.get(request.socket) : undefined;
  if (wanted !== undefined && !letsRound(request, policy.weaknesses, wanted, new URL(self.url).host)) {
    const status = typeof policy.refusal === 'number' ? policy.refusal : 403;
    const page = status < 400 ? 'Welcome.' : 'The SSL certificate error: the client certificate was refused.';
    response.writeHead(status, { 'Content-Type': 'text/plain', ...cache(policy.cacheRefusal) });
    response.end(page);
    return;
  }
  if (retrieve(request, response, policy.retrieval, cache(policy.cacheAnswer))) return;
  const read = await withReader(diary, policy.weakness, () => bodyOf(request));
  if (read === false) return;
  const body = read;
  if (await giveWay(request, response, body, policy.weakness)) return;
  const roots = rootsAt(self.url);
  const path = new URL(request.url ?? '/', self.url).pathname;
  const root =
    roots.find(({ url }) => path.startsWith(`${new URL(url).pathname}/`)) ??
    ({ ...self, sibling: false, capabilities: ['foundations'] } as const);
  const { reason, interaction } = judgeRequest(request, body, policy, root, roots);
  const dialect = dialectOf(root.capabilities);
  const told = (why: Reason): void => tell(response, why, policy, request, dialect);
  if (reason) return told(reason);
  if (request.headers['transfer-encoding'] !== undefined && !policy.answer.readsChunks) {
    response.writeHead(411, cache(policy.cacheError)).end();
    return;
  }
  const named = root.sibling && interaction?.name === 'metadata' ? { name: 'sibling-metadata' } : interaction;
  if (named && policy.lacks.has(named.name))
    return told({ rejection: 'unknown-path', diagnostics: 'not implemented' });
  if (policy.answer.xml === 'refused' && wantsXml(request))
    return told({ rejection: 'unsupported-accept', diagnostics: 'XML is not written here' });
  const resource = named && answerTo(named, diary.taken());
  if (resource) return answer(request, response, policy, 200, resource, dialect);
  if (!interaction?.writes) return told({ rejection: 'unknown-path', diagnostics: 'not served' });
  const written = diary.write(interaction, path, body, request.headers['if-match']);
  if (!('resource' in written)) return told({ rejection: written.kind, diagnostics: written.kind });
  if (written.kind !== 'created') return answer(request, response, policy, 200, written.resource);
  if (policy.answer.locates)
    response.setHeader('Location', `${root.url}/Appointment/${written.id}/_history/1`);
  return answer(request, response, policy, policy.answer.created, written.resource);
}

/** Answers with a resource: format, entity tag, compression as asked. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  policy: Policy,
  status: number,
  resource: Resource,
  dialect: Dialect = stu3,
): void {
  const { contentType, entityTags, compresses, strictTransportSecurity } = policy.answer;
  const xml = wantsXml(request) && policy.answer.xml === 'written';
  const tag = entityTags ? etagOf(resource) : undefined;
  const gzip = compresses && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const text = inDialect(xml ? asXml(resource) : JSON.stringify(resource), dialect);
  const media = xml ? contentType?.replace('json', 'xml') : contentType;
  response.writeHead(status, {
    ...(media !== undefined && { 'Content-Type': inDialect(media, dialect) }),
    ...(tag !== undefined && { ETag: tag }),
    ...(gzip && { 'Content-Encoding': 'gzip' }),
    ...(strictTransportSecurity !== undefined && { 'Strict-Transport-Security': strictTransportSecurity }),
    ...cache(policy.cacheAnswer),
  });
  response.end(gzip ? gzipSync(text) : text);
}
