import { lockedIn, offending } from '../tests/selftest/licences.ts';

/** `npm run licences`: every package of the lock file against the licence policy. Exit 1 where one is against it. */
const locked = lockedIn('.');
const wrong = offending(locked);
process.stdout.write(
  wrong.length > 0
    ? `${wrong.join('\n')}\n`
    : `${locked.length} packages, each under a licence that the policy allows\n`,
);
process.exitCode = wrong.length > 0 ? 1 : 0;
