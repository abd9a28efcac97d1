import { gpconnectApi, gpconnectErrors, gpconnectSecurity } from './gpconnect.ts';
import {
  gpconnectHtmlApi,
  gpconnectHtmlErrors,
  gpconnectHtmlSecurity,
  gpconnectHtmlToken,
} from './gpconnect-html.ts';
import { ftrsSecurity } from './ftrs.ts';
import { gpconnectToken } from './gpconnect-token.ts';
import { nrlRetrieval, nrlSecurity } from './nrl.ts';
import { practice } from './practice.ts';
import type { Document, Requirement } from './requirement.ts';

const documents = [
  gpconnectSecurity,
  gpconnectToken,
  gpconnectErrors,
  gpconnectApi,
  gpconnectHtmlSecurity,
  gpconnectHtmlToken,
  gpconnectHtmlErrors,
  gpconnectHtmlApi,
  nrlSecurity,
  nrlRetrieval,
  ftrsSecurity,
  practice,
] as const;

export type DocumentId = (typeof documents)[number]['id'];
export type RequirementId = (typeof documents)[number]['requirements'][number]['id'];

/** A requirement that knows its document. */
export interface Clause extends Requirement {
  readonly id: RequirementId;
  readonly document: DocumentId;
}

/** The documents themselves, without their requirements. */
export const library: readonly Omit<Document, 'requirements'>[] = documents;

/** Every clause of every document. */
export const register: readonly Clause[] = documents.flatMap((document) =>
  document.requirements.map((requirement: Requirement & { readonly id: RequirementId }) => ({
    ...requirement,
    document: document.id,
  })),
);
export type { Document, Requirement };
