import { claimDefects } from './defects-claims.ts';
import { formDefects } from './defects-form.ts';

/** Every named change to a valid ID token; those whose flaw is `nothing` have to be accepted. */
export const defects = { ...formDefects, ...claimDefects };

export type DefectName = keyof typeof defects;
export type { Defect, Flaw, Material } from './forge.ts';
