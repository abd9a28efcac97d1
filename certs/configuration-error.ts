/**
 * A mistake in what the person who runs Assay gave it: a flag, a file, a field.
 * It is told once, in one sentence that names the place and what to do; the CLI exits with 4.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  /** Where the mistake stands: a flag (`--out`), a file, or a file with a JSON pointer (`subject.json#/url`). */
  readonly place: string;

  constructor(place: string, what: string, options?: ErrorOptions) {
    super(`${place}: ${what}`, options);
    this.place = place;
  }
}
