// Bearer tokens that the server does not remember: more of them than it has room for, one after the other.
import { writeFile } from 'node:fs/promises';
import { MAXIMUM_REMEMBERED } from '../src/access/tokens.ts';
import { PRIVATE_REPOSITORY, tokenPath } from './chartroom.ts';

const AT_ONCE = 8;

/** @param path where the headers go, one on each line */
export async function writeManyTokens(url: string, authorization: string, path: string): Promise<void> {
  const lines: string[] = [];
  const numbers = Array.from({ length: Math.ceil(MAXIMUM_REMEMBERED * 1.2) }, (_, number) => number);
  const fetchEach = async (): Promise<void> => {
    for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
      // Tokens of the same second are equal but for what they are good for.
      const asked = `${tokenPath(PRIVATE_REPOSITORY)}&scope=repository:team/other-${number}:pull`;
      lines.push(`Bearer ${await fetchToken(`${url}${asked}`, authorization)}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchEach));
  await writeFile(path, lines.join(''));
}

export async function fetchToken(url: string, authorization: string): Promise<string> {
  const answer = await fetch(url, { headers: { authorization } });
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
  const { token } = (await answer.json()) as { readonly token: string };
  return token;
}
