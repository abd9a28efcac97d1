import type { Profile } from '../model.ts';
import { ftrs } from './ftrs.ts';
import { gpconnect } from './gpconnect.ts';
import { nrl } from './nrl.ts';

/** Every profile that a subject can be held to. */
export const profiles: readonly Profile[] = [gpconnect, nrl, ftrs];
