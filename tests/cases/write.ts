import type { Case, ErrorAnswer } from '../model.ts';
import { badRequest, duplicate, invalidResource } from './answers.ts';
import { cases } from './define.ts';

/**
 * What leaves something behind: appointments that the run books itself and cancels at once, and one registration.
 * Only with consent.
 */

/** The FHIR API page has 409 for a version that is not the current one, and no code; the official tests have one. */
const conflict: ErrorAnswer = {
  status: 409,
  issue: ['conflict', 'business-rule', 'processing', 'invalid', 'duplicate'],
  codes: [],
  source: 'GP Connect FHIR API guidance, 409 for an If-Match that does not match',
};
const id = (verb: 'update' | 'cancel'): string =>
  `urn:nhs:names:services:gpconnect:fhir:rest:${verb}:appointment-1`;

export default cases('write', {
  book: {
    title: 'a free slot is booked',
    requirements: ['GPC-API-APPOINTMENTS'],
    stimulus: {},
    expect: { kind: 'accepted' },
    on: ['book-appointment'],
    consent: ['write'],
  },
  location: {
    title: 'a booking is answered with the Location of the new version',
    requirements: ['GPC-API-LOCATION'],
    stimulus: {},
    expect: { kind: 'header', name: 'Location', pattern: '/Appointment/[^/]+/_history/[^/]+$', of: 'answer' },
    on: ['book-appointment'],
    consent: ['write'],
  },
  created: {
    title: 'a booking is answered with 201',
    requirements: ['GPC-API-CREATED'],
    stimulus: {},
    expect: { kind: 'status', is: 201 },
    on: ['book-appointment'],
    consent: ['write'],
  },
  'slot-taken': {
    title: 'a booking of a slot that was booked just before',
    requirements: ['GPC-ERR-DUPLICATE'],
    stimulus: { books: 'taken' },
    expect: { kind: 'refused-request', rule: 'request' },
    on: ['book-appointment'],
    consent: ['write'],
  },
  amend: {
    title: 'an appointment that the run booked is amended',
    requirements: ['GPC-API-APPOINTMENTS'],
    stimulus: {},
    expect: { kind: 'accepted' },
    on: ['amend-appointment'],
    consent: ['write'],
  },
  cancel: {
    title: 'an appointment that the run booked is cancelled',
    requirements: ['GPC-API-APPOINTMENTS'],
    stimulus: {},
    expect: { kind: 'accepted' },
    on: ['cancel-appointment'],
    consent: ['write'],
  },
  'amended-as-cancellation': {
    title: 'an amendment with the Ssp-InteractionID of a cancellation, which has the same URL',
    requirements: ['GPC-SEC-INTERACTION'],
    stimulus: { http: { headers: { 'Ssp-InteractionID': id('cancel') } } },
    expect: { kind: 'refused-request', rule: 'request' },
    on: ['amend-appointment'],
    consent: ['write'],
  },
  'cancelled-as-amendment': {
    title: 'a cancellation with the Ssp-InteractionID of an amendment, which has the same URL',
    requirements: ['GPC-SEC-INTERACTION'],
    stimulus: { http: { headers: { 'Ssp-InteractionID': id('update') } } },
    expect: { kind: 'refused-request', rule: 'request' },
    on: ['cancel-appointment'],
    consent: ['write'],
  },
  'stale-version': {
    title: 'an amendment of a version that is not the current one',
    requirements: ['GPC-API-VERSION-CONFLICT'],
    stimulus: { http: { headers: { 'If-Match': 'W/"assay-0"' } } },
    expect: { kind: 'refused-request', rule: 'request' },
    on: ['amend-appointment'],
    consent: ['write'],
  },
  register: {
    title: 'a patient is registered; the number in data.registrable is used up by it',
    requirements: ['GPC-API-REGISTER'],
    stimulus: {},
    expect: { kind: 'accepted' },
    on: ['register-patient'],
    consent: ['write'],
  },
  'already-registered': {
    title: 'the patient whom the run registered is registered again',
    requirements: ['GPC-ERR-DUPLICATE'],
    stimulus: { registers: 'again' },
    expect: { kind: 'refused-request', rule: 'request' },
    on: ['register-patient'],
    consent: ['write'],
  },
}) satisfies readonly Case[];

/** What those refusals say. */
export const toldOfWrites: readonly Case[] = cases('error', {
  'write-slot-taken': {
    title: 'the answer to a booking of a slot that was booked just before',
    requirements: ['GPC-ERR-DUPLICATE'],
    stimulus: { books: 'taken' },
    expect: { kind: 'outcome', rule: 'request', answers: [duplicate] },
    on: ['book-appointment'],
    consent: ['write'],
  },
  'write-already-registered': {
    title: 'the answer to a second registration of a patient',
    requirements: ['GPC-ERR-DUPLICATE'],
    stimulus: { registers: 'again' },
    expect: { kind: 'outcome', rule: 'request', answers: [duplicate] },
    on: ['register-patient'],
    consent: ['write'],
  },
  'write-stale-version': {
    title: 'the answer to an amendment of a version that is not the current one',
    requirements: ['GPC-API-VERSION-CONFLICT'],
    stimulus: { http: { headers: { 'If-Match': 'W/"assay-0"' } } },
    expect: { kind: 'outcome', rule: 'request', answers: [conflict] },
    on: ['amend-appointment'],
    consent: ['write'],
  },
  'write-amended-as-cancellation': {
    title: 'the answer to an amendment with the Ssp-InteractionID of a cancellation',
    requirements: ['GPC-ERR-INTERACTION'],
    stimulus: { http: { headers: { 'Ssp-InteractionID': id('cancel') } } },
    expect: { kind: 'outcome', rule: 'request', answers: [badRequest, invalidResource] },
    on: ['amend-appointment'],
    consent: ['write'],
  },
  'write-cancelled-as-amendment': {
    title: 'the answer to a cancellation with the Ssp-InteractionID of an amendment',
    requirements: ['GPC-ERR-INTERACTION'],
    stimulus: { http: { headers: { 'Ssp-InteractionID': id('update') } } },
    expect: { kind: 'outcome', rule: 'request', answers: [badRequest, invalidResource] },
    on: ['cancel-appointment'],
    consent: ['write'],
  },
});
