import { readFileSync, statSync } from 'node:fs';
import { Refusal } from '@gpup/pf/core';

/** The token that callers over TCP must present: the file's text without the white space around it. */
export function readToken(path: string): string {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) throw new Refusal('bad-config', `Others may read the token file ${path} (mode ${(mode & 0o777).toString(8)}).`, 'listen.tokenFile');
    const token = readFileSync(path, 'utf8').trim();
    if (token !== '') return token;
    throw new Refusal('bad-config', `The token file ${path} is empty.`, 'listen.tokenFile');
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('bad-config', `The token file cannot be read: ${(error as Error).message}.`, 'listen.tokenFile');
  }
}
