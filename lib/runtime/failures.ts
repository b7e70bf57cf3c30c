/** Things that are done side by side, or one after the other, and are no reason for each other to be left undone. */

/** Waits for all of them. @returns what those that failed were rejected with */
export async function failuresOf(all: readonly Promise<unknown>[]): Promise<unknown[]> {
  const ends = await Promise.allSettled(all);
  return ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
}

/** Throws the first of them: whoever called does all of it again, and what was done is done. */
export function raiseFirst(failures: readonly unknown[]): void {
  if (failures.length > 0) throw failures[0];
}
