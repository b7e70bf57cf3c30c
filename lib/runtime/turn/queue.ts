/** First in, first out. An array's own `shift` moves all that is left once the array is large (I12). */
export class Queue<T> {
  #items: T[] = [];
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#taken];
  }

  takeAll(): T[] {
    const all = this.#items.slice(this.#taken);
    this.#items = [];
    this.#taken = 0;
    return all;
  }

  shift(): T | undefined {
    const item = this.#items[this.#taken];
    if (this.length === 0) return undefined;
    this.#taken += 1;
    // Half of it is over: as many were taken since the last time as are moved now.
    if (this.#taken * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }
}
