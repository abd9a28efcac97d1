import type { Profile } from '../model.ts';

/** A profile as it is in one edition: its own documents, interactions and valid exchange where that has a text of its own. */
export const inEdition = <P extends Pick<Profile, 'apart'>>(profile: P, edition: string): P => ({
  ...profile,
  ...profile.apart?.[edition],
});
