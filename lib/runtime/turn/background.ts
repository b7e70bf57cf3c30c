/** Calls under way beside the turn: their failures end the turn, and each end of one lets it look around again. */
export class Background {
  readonly #underWay = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly onEnd: () => void) {}

  get busy(): boolean {
    return this.#underWay.size > 0;
  }

  run(work: Promise<unknown>): void {
    const watched = work
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#underWay.delete(watched);
        this.onEnd();
      });
    this.#underWay.add(watched);
  }

  /** Throws what the first of them failed with. */
  raise(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when all have ended, however. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
