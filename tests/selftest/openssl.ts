import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The `openssl` program, where it is installed. */
export const opensslPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'openssl'))
  .find((file) => existsSync(file));
