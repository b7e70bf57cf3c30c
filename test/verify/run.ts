/** Runs checks one after the other, and says of each what came of it. */
import { type Check, NotHeld } from "./check.js";
import type { Ground } from "./ground.js";

export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly end: "held" | "not held" | "failed" | "skipped";
  /** What was found, or why it was not looked for. */
  readonly found: string;
  readonly seconds: number;
}

/** Those that `--only` names with what they look at, or else all but the slow. Throws for a name that no check has. */
export function chosen(checks: readonly Check[], only: readonly string[]): readonly Check[] {
  const unknown = only.filter((id) => !checks.some((check) => check.id === id));
  if (unknown.length > 0)
    throw new RangeError(
      `There is no check ${unknown.map((id) => `"${id}"`).join(", ")}. There are: ${checks.map(({ id }) => id).join(", ")}.`,
    );
  return only.length === 0
    ? checks
    : checks.filter(
        ({ id }) => only.includes(id) || checks.some((one) => one.after === id && only.includes(one.id)),
      );
}

const LONG_MINUTES = 10;

/** Why it does not run here. */
export function whySkipped(
  { needs, minutes }: Check,
  where: Ground["where"],
  { slow, named }: { readonly slow: boolean; readonly named: boolean },
): string | undefined {
  if (needs === "aws" && where === "local") return "needs AWS: no credentials, or --local";
  // Local time is faster.
  if (where === "aws" && minutes > LONG_MINUTES && !slow && !named) return `takes ${minutes} minutes: --slow`;
  return undefined;
}

export async function runCheck(check: Check, ground: Ground): Promise<Outcome> {
  const { id, title } = check;
  const began = performance.now();
  const ended = (end: Outcome["end"], found: string): Outcome => ({
    ...{ id, title, end, found },
    seconds: Math.round((performance.now() - began) / 1_000),
  });
  try {
    return ended("held", await check.run(ground));
  } catch (error) {
    if (error instanceof NotHeld) return ended("not held", error.message);
    return ended("failed", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

/** A line for each, and one for all. */
export function report(where: Ground["where"], outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map(({ id }) => id.length));
  const lines = outcomes.map(({ id, end, seconds, found }) => {
    const took = end === "skipped" ? "" : `${seconds} s`;
    return `${id.padEnd(width)}  ${end.padEnd(8)}  ${took.padStart(6)}  ${found}`;
  });
  const count = (end: Outcome["end"]) => outcomes.filter((outcome) => outcome.end === end).length;
  const place = where === "aws" ? "AWS" : "the local cloud";
  const bad = count("not held") + count("failed");
  return [...lines, `On ${place}: ${count("held")} held, ${bad} did not, ${count("skipped")} skipped.`].join(
    "\n",
  );
}
