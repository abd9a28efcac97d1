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
}

export type Written =
  | { readonly kind: 'created' | 'updated' | 'registered'; readonly resource: Resource; readonly id: string }
  | { readonly kind: 'stale-version' | 'already-registered' | 'unknown-appointment' };

/** Opens an empty diary. */
export function openDiary(): Diary {
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
  return {
    write: ({ name }, path, body, ifMatch) => {
      const sent = JSON.parse(body) as Resource;
      if (name === 'register-patient') {
        const number = /nhs-number","value":"(\d+)"/.exec(body)?.[1] ?? '';
        if (registered.has(number) || number === DATA.patient) return { kind: 'already-registered' };
        registered.add(number);
        return { kind: 'registered', id: number, resource: { resourceType: 'Bundle', type: 'searchset' } };
      }
      if (name === 'book-appointment') {
        const id = String(1000 + appointments.size);
        const resource = stamped(sent, id, 1);
        appointments.set(id, resource);
        return { kind: 'created', id, resource };
      }
      const id = path.split('/').at(-1) ?? '';
      const known = appointments.get(id);
      if (!known) return { kind: 'unknown-appointment' };
      if (ifMatch !== `W/"${versionOf(known)}"`) return { kind: 'stale-version' };
      const resource = stamped(sent, id, versionOf(known) + 1);
      appointments.set(id, resource);
      return { kind: 'updated', id, resource };
    },
  };
}
