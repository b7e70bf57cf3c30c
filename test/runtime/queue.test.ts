import { describe, expect, it } from "vitest";
import { Queue } from "../../lib/runtime/turn/queue.js";

describe("a queue", () => {
  it("gives what was put in first, whatever is put in between", () => {
    const queue = new Queue<number>();
    const taken: (number | undefined)[] = [];
    for (let n = 0; n < 100; n++) {
      queue.push(n);
      if (n % 3 === 0) taken.push(queue.shift());
    }
    expect(queue.length).toBe(66);
    expect(queue.peek()).toBe(34);
    while (queue.length > 0) taken.push(queue.shift());
    expect(taken).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(queue.shift()).toBeUndefined();
    expect(queue.length).toBe(0);
  });

  it("gives all that is left", () => {
    const queue = new Queue<number>();
    for (const n of [1, 2, 3, 4, 5]) queue.push(n);
    queue.shift();
    expect(queue.takeAll()).toEqual([2, 3, 4, 5]);
    expect(queue.length).toBe(0);
    queue.push(6);
    expect(queue.shift()).toBe(6);
  });

  it("tells what was put in from having nothing left, even where that is nothing", () => {
    const queue = new Queue<undefined>();
    queue.push(undefined);
    expect(queue.length).toBe(1);
    queue.shift();
    expect(queue.length).toBe(0);
  });
});
