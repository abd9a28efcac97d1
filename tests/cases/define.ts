import type { Case } from '../model.ts';

type Entry = Omit<Case, 'id' | 'via'> & { readonly via?: Case['via'] };

/** Names each case after its subject matter: `client-certificate/expired`. */
export const cases = (subject: string, entries: Readonly<Record<string, Entry>>): readonly Case[] =>
  Object.entries(entries).map(([name, entry]) => ({ id: `${subject}/${name}`, via: 'exchange', ...entry }));
