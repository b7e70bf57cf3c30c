/** The workflow that every engine runs: steps one after the other, each of which adds its number to what came before. */

/** Of an execution whose time is measured. */
export const STEPS = 3;

export interface Order {
  readonly n: number;
  readonly steps: number;
}

/** What its steps gave, in their order. */
export function expected({ n, steps }: Order): number[] {
  const given: number[] = [];
  for (let step = 1; step <= steps; step++) given.push((given.at(-1) ?? n) + step);
  return given;
}

/** @throws when an engine gave anything else */
export function check(order: Order, found: unknown): void {
  const [right, given] = [JSON.stringify(expected(order)), JSON.stringify(found)];
  if (given !== right) throw new Error(`${JSON.stringify(order)} should give ${right}, and gave ${given}.`);
}
