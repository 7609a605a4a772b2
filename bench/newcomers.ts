// People whose passwords are not remembered: a group of them for each measurement, and a minute between two of a group.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { basic, type Person, tokenPath } from './chartroom.ts';

/** A little longer than Chartroom remembers a password (`src/access/passwords.ts`): milliseconds. */
const REMEMBERED_FOR = 65_000;
/** Beyond so many at once, people who never logged in from this address have to wait (`src/access/guessing.ts`). */
const AT_ONCE = 8;

export class Newcomers {
  readonly people: readonly Person[];
  readonly #path: string;
  #lastUse = 0;

  constructor(group: string, size: number, folder: string) {
    this.people = Array.from({ length: size }, (_, index) => ({
      name: `${group}-${index}`,
      password: `the-password-of-${group}-${index}`,
    }));
    this.#path = join(folder, `${group}.txt`);
  }

  /** Everybody logs in once, as people have who log in together later. */
  async logInOnce(url: string): Promise<void> {
    await writeFile(this.#path, this.people.map((person) => `${basic(person)}\n`).join(''));
    const waiting = [...this.people];
    const logIn = async (): Promise<void> => {
      for (let person = waiting.pop(); person; person = waiting.pop()) {
        const answer = await fetch(`${url}${tokenPath('team/web')}`, { headers: { authorization: basic(person) } });
        if (!answer.ok) throw new Error(`${person.name} cannot log in: ${answer.status} ${await answer.text()}`);
        await answer.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, logIn));
    this.#lastUse = performance.now();
  }

  /**
   * Runs `send` when nobody's password is remembered any more.
   * @param send gets a file with their headers, and says how many of them it has used
   */
  async use<Sent extends { readonly count: number }>(send: (path: string) => Promise<Sent>): Promise<Sent> {
    await wait(Math.max(0, this.#lastUse + REMEMBERED_FOR - performance.now()));
    const sent = await send(this.#path);
    this.#lastUse = performance.now();
    if (sent.count > this.people.length) throw new Error(`more than ${this.people.length} people are needed`);
    return sent;
  }
}
