import type { Mutant } from './mutants.ts';
import { conformant, wrong, type Rejection } from './policy.ts';
import { scopeCasesOf } from './scope-table.ts';

/** Providers that get one thing about bookings and registrations wrong. */

/** Cases that need an appointment that the run booked. */
const BOOKED = [
  'write/amend',
  'write/cancel',
  'write/amended-as-cancellation',
  'write/cancelled-as-amendment',
  'write/stale-version',
  'error/write-stale-version',
  'error/write-amended-as-cancellation',
  'error/write-cancelled-as-amendment',
  ...scopeCasesOf('amend-appointment', 'cancel-appointment'),
];
/** Cases that need a free slot. (Names only.) */
/** Cases that need a booking that is served. */
const OF_BOOKING = [
  'write/location',
  'write/created',
  'write/slot-taken',
  'error/write-slot-taken',
  ...scopeCasesOf('book-appointment'),
];
export const booking: readonly string[] = ['write/book', ...OF_BOOKING, ...BOOKED];
const ofAmend = ['write/amended-as-cancellation', 'write/stale-version'];
const toldOf = (name: string): string => name.replace('write/', 'error/write-');

export const writeMutants: Readonly<Record<string, Mutant>> = {
  'lacks-book-appointment': {
    title: 'does not serve book-appointment',
    policy: wrong('lacks', new Set(['book-appointment'])),
    caughtBy: ['write/book'],
    clouds: [...OF_BOOKING, ...BOOKED],
  },
  'lacks-amend-appointment': {
    title: 'does not serve amend-appointment',
    policy: wrong('lacks', new Set(['amend-appointment'])),
    // A cancellation under its id is answered 501 too, where a client error is due.
    caughtBy: ['write/amend', 'write/cancelled-as-amendment', 'error/write-cancelled-as-amendment'],
    clouds: [...ofAmend, ...ofAmend.map(toldOf), ...scopeCasesOf('amend-appointment')],
  },
  'lacks-cancel-appointment': {
    title: 'does not serve cancel-appointment',
    policy: wrong('lacks', new Set(['cancel-appointment'])),
    caughtBy: ['write/cancel', 'write/amended-as-cancellation', 'error/write-amended-as-cancellation'],
    clouds: [
      'write/cancelled-as-amendment',
      'error/write-cancelled-as-amendment',
      ...scopeCasesOf('cancel-appointment'),
    ],
  },
  'lacks-register-patient': {
    title: 'does not serve register-patient',
    policy: wrong('lacks', new Set(['register-patient'])),
    caughtBy: ['write/register'],
    clouds: [
      'write/already-registered',
      'error/write-already-registered',
      ...scopeCasesOf('register-patient'),
    ],
  },
  'books-without-location': {
    title: 'answers a booking without Location',
    policy: wrong('answer', { ...conformant.answer, locates: false }),
    caughtBy: ['write/location'],
  },
  'books-with-200': {
    title: 'answers a booking with 200',
    policy: wrong('answer', { ...conformant.answer, created: 200 }),
    caughtBy: ['write/created'],
  },
  ...Object.fromEntries(
    (
      [
        'stale-version',
        'slot-taken',
        'already-registered',
        'amended-as-cancellation',
        'cancelled-as-amendment',
      ] as const
    ).flatMap((rejection: Rejection): readonly (readonly [string, Mutant])[] => [
      [
        `accepts-${rejection}`,
        {
          title: `serves a request that it should reject: ${rejection}`,
          policy: wrong('ignores', new Set([rejection])),
          caughtBy: [`write/${rejection}`, `error/write-${rejection}`],
        },
      ],
      [
        `mislabels-${rejection}`,
        {
          title: `rejects ${rejection} with another status`,
          policy: wrong('errors', {
            ...conformant.errors,
            [rejection]: { ...conformant.errors[rejection], status: 412, issue: 'exception' },
          }),
          caughtBy: [`error/write-${rejection}`],
        },
      ],
    ]),
  ),
};
