import { pairings } from '../../mocks/provider/scope-table.ts';
import { interactionNamed } from '../../mocks/ssp/interactions.ts';
import type { Driven, Driver } from '../drive/driver.ts';
import type { Addressee, Exchange, Observation, Profile, TlsVersion } from '../model.ts';
import { isObject, objects, type Json } from '../oracle/json.ts';
import { describe, headerValues } from '../oracle/response.ts';
import { resourceIn } from '../oracle/resource.ts';

/**
 * Appointments that a run books, each for one exchange and cancelled right after it, whatever came of that. One at a
 * time in the whole run, so that two workers never reach for the same slot.
 */
export interface Bookings {
  /** Runs one flow after those before it. */
  readonly exclusively: <Result>(flow: () => Promise<Result>) => Promise<Result>;
  /** The one registration of the run, once it is under way. */
  registration?: Promise<Driven>;
  /** What came of trying to register under each scope that must not let it, as far as that was tried. */
  attempts?: Promise<ReadonlyMap<string, Driven>>;
  /** What is booked, by the appointment's id, with what cancels it; resolves to why it could not be cancelled. */
  readonly open: Map<string, () => Promise<string | undefined>>;
  /** Set once the run is over: what is still under way elsewhere books nothing any more. */
  over: boolean;
}

export function createBookings(): Bookings {
  let last: Promise<unknown> = Promise.resolve();
  return {
    exclusively: (flow) => {
      const next = last.then(flow, flow);
      last = next.catch(() => {});
      return next;
    },
    open: new Map(),
    over: false,
  };
}

/**
 * Cancels what is still booked once the flow under way is over: at the end of a run, and where it was ended.
 * @returns one sentence for each appointment that stays booked
 */
export async function cancelOpen(bookings: Bookings): Promise<readonly string[]> {
  const { exclusively, open } = bookings;
  bookings.over = true;
  return exclusively(async () => {
    const left: string[] = [];
    for (const [id, cancel] of open) {
      const why = await cancel();
      if (why === undefined) open.delete(id);
      else left.push(`the appointment ${id} that this run booked could not be cancelled: ${why}`);
    }
    return left;
  });
}

/** A booked appointment as the subject answered it. */
interface Booked {
  readonly id: string;
  readonly etag: string;
  readonly resource: Json;
}

function bookedIn(seen: Observation): Booked | undefined {
  if (seen.kind !== 'response' || seen.status < 200 || seen.status >= 300) return undefined;
  const resource = resourceIn(seen.body);
  const { id, meta } = resource ?? {};
  if (resource?.['resourceType'] !== 'Appointment' || typeof id !== 'string') return undefined;
  const version = isObject(meta) ? meta['versionId'] : undefined;
  const etag = headerValues(seen, 'etag')[0] ?? (typeof version === 'string' ? `W/"${version}"` : undefined);
  return etag === undefined ? undefined : { id, etag, resource };
}

/** The first free slot of a search, with the location at which it is. */
function slotIn(seen: Observation): Readonly<Record<string, string>> | undefined {
  const bundle = seen.kind === 'response' ? resourceIn(seen.body) : undefined;
  const all = objects(bundle?.['entry']).flatMap(({ resource }) => (isObject(resource) ? [resource] : []));
  const slot = all.find(({ resourceType, status }) => resourceType === 'Slot' && status === 'free');
  if (!slot) return undefined;
  const schedule = isObject(slot['schedule']) ? String(slot['schedule']['reference']) : '';
  const of = all.find(
    ({ resourceType, id }) => resourceType === 'Schedule' && schedule.endsWith(`Schedule/${String(id)}`),
  );
  const location = objects(of?.['actor'])
    .map(({ reference }) => /(?:^|\/)Location\/([^/]+)$/.exec(String(reference))?.[1])
    .find((each) => each !== undefined);
  return {
    slot: String(slot['id']),
    slotStart: String(slot['start']),
    slotEnd: String(slot['end']),
    ...(location !== undefined && { location }),
  };
}

/** The body of an amendment or cancellation: the appointment as it is booked, with the change; extensions are added. */
function changed(booked: Json, change: Json): string {
  const extension = [...objects(booked['extension']), ...objects(change['extension'])];
  return JSON.stringify({ ...booked, ...change, ...(extension.length > 0 && { extension }) });
}

const isMade = ({ observation }: Driven): boolean =>
  observation.kind === 'response' && observation.status >= 200 && observation.status < 300;

const nothing = (reason: string): Driven => ({
  observation: { kind: 'nothing', reason },
  trace: [],
});

/**
 * A driver that finds a slot for an exchange that books, and books an appointment for one that amends or cancels;
 * whatever is booked is cancelled before the next flow. It registers a patient once, whoever asks. Every other exchange goes through unchanged.
 */
export function bookingDriver(
  drive: Driver,
  profile: Profile,
  subject: Addressee,
  bookings: Bookings,
): Driver {
  const { exclusively, open } = bookings;
  const valid = (name: string, data: Exchange['data'] = {}): Exchange => {
    const exchange = profile.exchange(subject, interactionNamed(name));
    return { ...exchange, data: { ...exchange.data, ...data } };
  };
  const of = ({ id, etag, resource }: Booked, exchange: Exchange): Exchange => ({
    ...exchange,
    http: {
      ...exchange.http,
      ...(exchange.http.body !== undefined && {
        body: changed(resource, (resourceIn(exchange.http.body) ?? {}) as Json),
      }),
    },
    data: { ...exchange.data, appointment: id, etag },
  });
  const remember = (booked: Booked, version: TlsVersion): void =>
    void open.set(booked.id, async () => {
      const { observation } = await drive(of(booked, valid('cancel-appointment')), version);
      return bookedIn(observation) ? undefined : describe(observation);
    });
  const cancel = async (id: string): Promise<void> => {
    if ((await open.get(id)?.()) === undefined) open.delete(id);
  };
  /** One that is let in has used the number up: it is the registration of the run then, and the rest is not tried. */
  const attempt = async (exchange: Exchange, version: TlsVersion): Promise<ReadonlyMap<string, Driven>> => {
    const made = new Map<string, Driven>();
    for (const { scope } of pairings.filter(({ resource }) => resource === 'registration')) {
      if (bookings.registration || !exchange.token) return made;
      const claims = { ...exchange.token.claims, requested_scope: scope };
      const driven = await drive({ ...exchange, token: { ...exchange.token, claims } }, version);
      made.set(scope, driven);
      if (isMade(driven)) bookings.registration = Promise.resolve(driven);
    }
    return made;
  };
  const register = async (exchange: Exchange, version: TlsVersion): Promise<Driven> => {
    if (bookings.over) return nothing('ours: the run is over');
    if (exchange.registers === 'before') {
      bookings.attempts ??= attempt(exchange, version);
      const made = (await bookings.attempts).get(String(exchange.token?.claims['requested_scope']));
      return made ?? nothing('the number in data.registrable was used up before this could be tried');
    }
    bookings.registration ??= drive({ ...exchange, registers: 'once' }, version);
    const first = await bookings.registration;
    if (exchange.registers === 'once') return first;
    return isMade(first)
      ? drive(exchange, version)
      : nothing(`the first registration was not made: ${describe(first.observation)}`);
  };
  const flow = async (exchange: Exchange, version: TlsVersion): Promise<Driven> => {
    if (bookings.over) return nothing('ours: the run is over');
    const search = await drive(valid('search-slots'), version);
    const slot = slotIn(search.observation);
    if (!slot) return nothing(`no free slot to book: ${describe(search.observation)}`);
    const data = { ...slot, created: new Date().toISOString() };
    const book = async (): Promise<readonly [Driven, Booked | undefined]> => {
      const driven = await drive({ ...exchange, data: { ...data, ...exchange.data, ...slot } }, version);
      const booked = bookedIn(driven.observation);
      if (booked) remember(booked, version);
      return [driven, booked];
    };
    if (exchange.books === 'new') {
      const [driven, booked] = await book();
      if (booked) await cancel(booked.id);
      return driven;
    }
    if (exchange.books === 'taken') {
      const [first, booked] = await book();
      if (!booked) return nothing(`the first booking was not made: ${describe(first.observation)}`);
      const [driven, doubled] = await book();
      for (const each of [booked, doubled]) if (each) await cancel(each.id);
      return driven;
    }
    const made = await drive(valid('book-appointment', data), version);
    const booked = bookedIn(made.observation);
    if (!booked) return nothing(`the booking that it needs was not made: ${describe(made.observation)}`);
    remember(booked, version);
    const driven = await drive(of(booked, exchange), version);
    const after = bookedIn(driven.observation);
    if (after?.resource['status'] === 'cancelled') open.delete(booked.id);
    else {
      if (after) remember(after, version);
      await cancel(booked.id);
    }
    return driven;
  };
  return (exchange, version) => {
    if (exchange.registers !== undefined) return exclusively(() => register(exchange, version));
    return exchange.books === undefined
      ? drive(exchange, version)
      : exclusively(() => flow(exchange, version));
  };
}
