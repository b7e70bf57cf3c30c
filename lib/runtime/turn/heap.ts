/** A binary min-heap by time, for what falls due: the earliest is always at hand, whatever the number of timers (I12). */
export class Heap<T extends { readonly at: number }> {
  readonly #items: T[] = [];

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let index = items.length;
    items.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[parent];
      if (above === undefined || above.at <= item.at) break;
      items[index] = above;
      index = parent;
    }
    items[index] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      const left = items[child];
      const right = items[child + 1];
      if (left === undefined) break;
      let smaller = left;
      if (right !== undefined && right.at < left.at) {
        smaller = right;
        child += 1;
      }
      if (smaller.at >= last.at) break;
      items[index] = smaller;
      index = child;
    }
    items[index] = last;
    return first;
  }
}
