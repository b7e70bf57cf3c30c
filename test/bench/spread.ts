/** Several measurements of one thing: their middle, and how far they lie apart. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** All of them, in the order in which they were taken. */
  readonly all: readonly number[];
}

export function spreadOf(all: readonly number[]): Spread {
  const sorted = all.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle];
  if (upper === undefined || lower === undefined)
    throw new Error("A spread of no measurements was asked for.");
  return {
    median: (upper + lower) / 2,
    least: sorted[0] ?? upper,
    most: sorted.at(-1) ?? upper,
    all,
  };
}

/** `1.07 (1.05 to 1.11)` */
export function shownSpread({ median, least, most }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
