import type { Interaction } from '../ssp/interactions.ts';
import { DATA } from './data.ts';
import type { Resource } from './resources.ts';

/** What one provider was made to write down: appointments and registrations. Gone when it stops. */
export interface Diary {
  /** The answer to an interaction that writes. */
  readonly write: (
    interaction: Interaction,
    path: string,
    body: string,
    ifMatch: string | undefined,
  ) => Written;
  /** Ids of the slots that are taken. */
  readonly taken: () => readonly string[];
}

export type Written =
  | { readonly kind: 'created' | 'updated' | 'registered'; readonly resource: Resource; readonly id: string }
  | {
      readonly kind:
        | 'stale-version'
        | 'already-registered'
        | 'unknown-appointment'
        | 'slot-taken'
        | 'amended-as-cancellation'
        | 'cancelled-as-amendment';
    };

/** Opens an empty diary. @param overlooks which of its refusals are not made */
export function openDiary(overlooks: ReadonlySet<string> = new Set()): Diary {
  const appointments = new Map<string, Resource>();
  const registered = new Set<string>();
  const versionOf = (resource: Resource): number =>
    Number((resource['meta'] as { versionId: string }).versionId);
  const stamped = (resource: Resource, id: string, version: number): Resource => ({
    ...resource,
    id,
    meta: {
      versionId: String(version),
      profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-Appointment-1'],
    },
  });
  const slotsOf = (resource: Resource): readonly string[] =>
    ((resource['slot'] ?? []) as readonly { reference: string }[]).map(
      ({ reference }) => reference.split('/').at(-1) ?? '',
    );
  const taken = (): readonly string[] =>
    [...appointments.values()].filter(({ status }) => status === 'booked').flatMap(slotsOf);
  return {
    taken,
    write: ({ name }, path, body, ifMatch) => {
      const sent = JSON.parse(body) as Resource;
      if (name === 'register-patient') {
        const number = /nhs-number","value":"(\d+)"/.exec(body)?.[1] ?? '';
        if ((registered.has(number) || number === DATA.patient) && !overlooks.has('already-registered'))
          return { kind: 'already-registered' };
        registered.add(number);
        return { kind: 'registered', id: number, resource: { resourceType: 'Bundle', type: 'searchset' } };
      }
      if (name === 'book-appointment') {
        if (slotsOf(sent).some((each) => taken().includes(each)) && !overlooks.has('slot-taken'))
          return { kind: 'slot-taken' };
        const id = String(1000 + appointments.size);
        const resource = stamped(sent, id, 1);
        appointments.set(id, resource);
        return { kind: 'created', id, resource };
      }
      const id = path.split('/').at(-1) ?? '';
      const known = appointments.get(id);
      if (!known) return { kind: 'unknown-appointment' };
      if (ifMatch !== `W/"${versionOf(known)}"` && !overlooks.has('stale-version'))
        return { kind: 'stale-version' };
      const cancels = sent['status'] === 'cancelled';
      if (name === 'cancel-appointment' && !cancels && !overlooks.has('amended-as-cancellation'))
        return { kind: 'amended-as-cancellation' };
      if (name === 'amend-appointment' && cancels && !overlooks.has('cancelled-as-amendment'))
        return { kind: 'cancelled-as-amendment' };
      const resource = stamped(sent, id, versionOf(known) + 1);
      appointments.set(id, resource);
      return { kind: 'updated', id, resource };
    },
  };
}
