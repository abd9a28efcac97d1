import { DOMParser, onErrorStopParsing, type Element, type Node } from '@xmldom/xmldom';
import { isObject, parse, type Json } from './json.ts';

const FHIR = 'http://hl7.org/fhir';
/** Elements of an OperationOutcome that repeat: an array in JSON, also where there is one (STU3 json.html). */
const REPEATED = new Set(
  'profile security tag extension modifierExtension contained issue coding location expression'.split(' '),
);
/** Elements that are no strings in JSON, by their names. */
const BOOLEAN = /^(?:userSelected|valueBoolean)$/;
const NUMBER = /^value(?:Integer|Decimal|UnsignedInt|PositiveInt)$/;
const ELEMENT_NODE = 1;

const isElement = (node: Node): node is Element => node.nodeType === ELEMENT_NODE;

/**
 * The root element of a FHIR resource in XML (STU3 xml.html): well formed, in FHIR's namespace, and with no document
 * type, so that there is no entity to expand or to fetch. `undefined`: the text is none.
 */
function rootOf(text: string): Element | undefined {
  if (!/^\uFEFF?\s*</.test(text)) return undefined;
  try {
    const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(
      text.replace(/^\uFEFF/, '').trimStart(),
      'application/xml',
    );
    const root = document.documentElement;
    return document.doctype === null && root?.namespaceURI === FHIR ? root : undefined;
  } catch {
    return undefined;
  }
}

/** What an element says, as FHIR's JSON would have it. */
function valueOf(element: Element): unknown {
  const name = element.localName ?? '';
  const members: Record<string, unknown> = {};
  for (const attribute of ['id', 'url'])
    if (element.hasAttribute(attribute)) members[attribute] = element.getAttribute(attribute);
  const children = [...element.childNodes].filter(isElement);
  const value = element.getAttribute('value');
  if (children.length === 0 && value !== null) {
    if (BOOLEAN.test(name)) return value === 'true';
    return NUMBER.test(name) ? Number(value) : value;
  }
  for (const child of children) {
    const member = child.localName ?? '';
    // A narrative is XHTML, which stands in JSON as text.
    const said = child.namespaceURI === FHIR ? valueOf(child) : child.toString();
    const before = members[member];
    if (before !== undefined) members[member] = [...(Array.isArray(before) ? before : [before]), said];
    else members[member] = REPEATED.has(member) ? [said] : said;
  }
  return members;
}

/** A resource in FHIR's JSON or XML, as JSON; `undefined`: the text is neither. */
export function resourceIn(text: string): Json | undefined {
  const json = parse(text);
  if (json) return json;
  const root = rootOf(text);
  const members = root && valueOf(root);
  return root && isObject(members) ? { resourceType: root.localName, ...members } : undefined;
}

/** The type of a resource in JSON or XML, where the whole text is one. */
export function resourceTypeOf(text: string): string | undefined {
  const type = parse(text)?.['resourceType'] ?? rootOf(text)?.localName;
  return typeof type === 'string' && /^\w{1,64}$/.test(type) ? type : undefined;
}
