/** One thing to be shown on the real services, and what it is judged by. */
import type { Ground } from "./ground.js";

export interface Check {
  /** For `--only`, and in the page. */
  readonly id: string;
  readonly title: string;
  /** `anywhere`: the local cloud shows it, too. */
  readonly needs: "aws" | "anywhere";
  /** Of the stack's time, about. What takes more than ten is left out unless it is named, or `--slow` is. */
  readonly minutes: number;
  /** Another check, whose execution it looks at. */
  readonly after?: string;
  /** @returns what was found, in a few words; throws {@link NotHeld} for what should not be */
  run(ground: Ground): Promise<string>;
}

/** Something was found that should not be. */
export class NotHeld extends Error {
  override readonly name = "NotHeld";
}

export function hold(condition: boolean, found: string): void {
  if (!condition) throw new NotHeld(found);
}

/** Looks again until it holds, for so much of the stack's time at most. */
export async function within<T>(
  ground: Ground,
  seconds: number,
  look: () => Promise<T | undefined>,
  what: string,
): Promise<T> {
  const step = Math.max(1, seconds / 200);
  for (let waited = 0; ; waited += step) {
    const found = await look();
    if (found !== undefined) return found;
    hold(waited < seconds, `${what}: not within ${seconds} s`);
    await ground.pass(step);
  }
}
