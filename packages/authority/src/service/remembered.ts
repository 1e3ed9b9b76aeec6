// Answers that stay the same for the same question: what was verified once under one configuration need not
// be verified again. Only answers are kept, no refusals, and nothing that a void, a stop or the time of day
// can change.

/** At most so many answers; the one that was not asked for longest goes first. */
export class Remembered<T> {
  readonly #most: number;
  readonly #answers = new Map<string, T>(); // oldest use first

  constructor(most: number) {
    this.#most = most;
  }

  /** `question` tells every answer apart: a digest of all that `find` looks at. */
  answer(question: string, find: () => T): T {
    const known = this.#answers.get(question);
    const answer = known ?? find();
    if (known !== undefined) this.#answers.delete(question);
    else if (this.#answers.size >= this.#most) this.#answers.delete(this.#answers.keys().next().value!);
    this.#answers.set(question, answer);
    return answer;
  }
}
