import { inWords, pairings } from '../../mocks/provider/scope-table.ts';
import type { Case } from '../model.ts';
import { badRequest, insufficientScope } from './answers.ts';
import { cases } from './define.ts';

/** Which requested_scope opens which resource: each pairing that the table of the security page does not allow. */
export default cases(
  'scope',
  Object.fromEntries(
    pairings.map(({ name, resource, writes, on, scope }) => [
      name,
      {
        title: `${scope} does not open ${inWords({ resource, writes })}`,
        requirements: ['GPC-JWT-SCOPE', 'GPC-SEC-SCOPE-APPLIED', 'GPC-SEC-SCOPE-CHOICE'],
        stimulus: {
          token: { claims: { requested_scope: scope } },
          ...(resource === 'registration' && { registers: 'before' as const }),
        },
        // Registrations are controlled by another interaction: here the one that is let in stands beside.
        ...(resource === 'registration' && { beside: {} }),
        expect: { kind: 'outcome', rule: 'token.scope', answers: [badRequest, insufficientScope] },
        onlyIf: 'enforcesScope',
        on: [on],
        ...(writes && { consent: ['write'] as const }),
      },
    ]),
  ),
) satisfies readonly Case[];
