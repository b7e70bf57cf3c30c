/** Calls that fail on purpose are made again, as a caller must who was not answered (PROTOCOL A8). */
const MOST_TRIES = 50;

export class Persistence {
  /** How many calls had to be made again. */
  repeats = 0;

  constructor(private readonly random: () => number) {}

  async make<T>(call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        if (tries === MOST_TRIES) throw error;
        this.repeats += 1;
        await pause(200 + this.random() * 800);
      }
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
