/**
 * The fleet's scorecard of this version: `npm run fleet -- --readme` writes it, the package ships it, and so it is
 * signed with the release. A verifier compares the one in a bundle with its own.
 */
export const SCORECARD_FILE = new URL('../tests/certify/scorecard.json', import.meta.url);
