import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';

/** Values of the command line that several commands share; light, since every command may load it. */

/** A whole number within bounds, both of them allowed. `what` is what the error calls it. */
export const wholeNumber =
  (least: number, most: number, what = 'a whole number') =>
  (value: string): number => {
    const number = Number(value);
    if (!Number.isInteger(number) || number < least || number > most)
      throw new InvalidArgumentError(`${what} from ${least} to ${most}`);
    return number;
  };

/** A file that is named on the command line. @throws ConfigurationError at `place` */
export const readable = async (file: string, place: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ConfigurationError(
      place,
      `cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    );
  }
};
