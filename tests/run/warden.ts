import { spawn } from 'node:child_process';

/** Where an engine's API answers. */
export type EnginePlace = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/**
 * The program of the warden. Its standard input lasts as long as we do; what it reads before that ends is our word that
 * there is nothing left to do.
 */
const PROGRAM = `
const { request } = require('node:http');
const [place, id] = [JSON.parse(process.argv[1]), process.argv[2]];
let told = false;
process.stdin.on('data', () => (told = true)).on('error', () => {}).on('end', () => {
  if (told) return;
  request({ ...place, method: 'DELETE', path: '/containers/' + id + '?force=1&v=1', timeout: 60000 }).on('error', () => {}).end();
}).resume();
`;

/**
 * Removes a container when this process is killed without a chance to do so: a process in a session of its own, that no
 * Ctrl-C reaches. It ends with us.
 * @returns call it once the container is gone
 */
export function watchOver(place: EnginePlace, id: string): () => void {
  const child = spawn(process.execPath, ['-e', PROGRAM, JSON.stringify(place), id], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  child.on('error', () => {}); // then it is as it was without
  child.stdin.on('error', () => {});
  child.unref();
  return () => void child.stdin.end('gone');
}
