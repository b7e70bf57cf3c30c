/** What a check came to. */
import { messageOf } from "../exit.js";

/**
 * `ok`: as it should be. `note`: to be known, and no fault. `wrong`: to be mended. `unknown`: whoever asks may not, or can't, find out.
 */
export type Verdict = "ok" | "note" | "wrong" | "unknown";

export interface Finding {
  /** What was looked at: `table`, `queue wake`. */
  readonly what: string;
  readonly verdict: Verdict;
  /** What was found, in words. */
  readonly found: string;
  /** What to do next: a command, or where to look. */
  readonly next?: string;
}

/** A check that could not be made: whether that is a fault depends on why. */
export function unmade(what: string, error: unknown): Finding {
  const found = messageOf(error);
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  const isDenied = /AccessDenied|not authorized/i.test(`${name} ${message}`);
  return { what, verdict: isDenied ? "unknown" : "wrong", found: found.split("\n")[0] ?? found };
}

/** The findings of a check, or the one that says why there are none. */
export async function checked(
  what: string,
  check: () => Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    const findings = await check();
    return "what" in findings ? [findings] : findings;
  } catch (error) {
    return [unmade(what, error)];
  }
}
