// Large answers on their way to clients: one copy for all who read the same one, and only so many bytes in all.
import type { Digest } from '../../oci/digest.ts';
import { TooManyRequests } from '../../oci/error.ts';

/** Until it is disposed of, its bytes count. */
export interface TakenAnswer extends Disposable {
  readonly body: Buffer;
}

interface SharedAnswer {
  readonly making: Promise<Buffer>;
  takers: number;
}

export class SharedAnswers {
  readonly #maximumBytes: number;
  readonly #answers = new Map<Digest, SharedAnswer>();
  #bytes = 0;

  /** @param maximumBytes of all different answers that clients have not read to the end */
  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /**
   * @param subject what the answer follows from
   * @throws RegistryError TOO_MANY_REQUESTS; what `make` throws
   */
  async take(subject: Digest, make: () => Promise<Buffer>): Promise<TakenAnswer> {
    const answer = this.#answers.get(subject) ?? this.#begin(subject, make);
    answer.takers += 1;
    try {
      return this.#taken(subject, answer, await answer.making);
    } catch (error) {
      this.#leave(subject, answer, 0);
      throw error;
    }
  }

  #begin(subject: Digest, make: () => Promise<Buffer>): SharedAnswer {
    const answer = { making: this.#make(make), takers: 0 };
    this.#answers.set(subject, answer);
    return answer;
  }

  async #make(make: () => Promise<Buffer>): Promise<Buffer> {
    const body = await make();
    if (this.#bytes + body.length > this.#maximumBytes) {
      throw new TooManyRequests('too many large answers are being read at the moment: try again in a second', 1);
    }
    this.#bytes += body.length;
    return body;
  }

  #taken(subject: Digest, answer: SharedAnswer, body: Buffer): TakenAnswer {
    let isHeld = true;
    return {
      body,
      [Symbol.dispose]: () => {
        if (isHeld) this.#leave(subject, answer, body.length);
        isHeld = false;
      },
    };
  }

  #leave(subject: Digest, answer: SharedAnswer, bytes: number): void {
    answer.takers -= 1;
    if (answer.takers > 0) return;
    this.#answers.delete(subject);
    this.#bytes -= bytes;
  }
}
