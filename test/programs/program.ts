/** Random workflow programs as data: a tree of parts, which `interpret.ts` runs on a context. Plain JSON, so that a child can be given one. */

export interface StepPart {
  readonly kind: "step" | "transaction";
  readonly name: string;
  /** Attempts that fail before one goes well. */
  readonly fails?: number;
  /** How many attempts there may be. Default 12, which none of them needs. */
  readonly tries?: number;
  /** Fails for good, at once. */
  readonly doomed?: boolean;
  readonly atMostOnce?: boolean;
  /** Absent: nothing undoes it. Otherwise how often its compensation fails before it goes well. */
  readonly compensation?: number;
  /** Reports how far it has come. */
  readonly beats?: boolean;
  /** How long its body takes: turns of the event loop, and virtual time. */
  readonly turns?: number;
  readonly ms?: number;
}

export type Leaf =
  | StepPart
  | { readonly kind: "sleep"; readonly ms: number }
  | {
      readonly kind: "wait";
      readonly place: string;
      readonly timeoutMs?: number;
      readonly lookbackMs?: number;
    }
  | { readonly kind: "signal"; readonly name: string; readonly timeoutMs?: number }
  | {
      readonly kind: "callback";
      readonly name: string;
      readonly timeoutMs?: number;
      readonly heartbeatMs?: number;
    }
  | { readonly kind: "send"; readonly n: number }
  /** A signal for another execution. */
  | { readonly kind: "tell"; readonly n: number }
  | { readonly kind: "state"; readonly n: number }
  /** `random`, `uuid`, and `now` where time is the same in every run. */
  | { readonly kind: "draw"; readonly now: boolean }
  | { readonly kind: "throw"; readonly message: string };

export type Composite =
  | { readonly kind: "in-order" | "all" | "any" | "allSettled" | "promise-race"; readonly parts: Parts }
  | { readonly kind: "race" | "saga"; readonly parts: Parts }
  /** The parts are its items. */
  | {
      readonly kind: "map";
      readonly parts: Parts;
      readonly concurrency?: number;
      readonly failures?: number;
      readonly enough?: number;
    }
  /** The first part, and the second when it throws. */
  | { readonly kind: "try"; readonly parts: Parts }
  /** The first part, and the second in any case. */
  | { readonly kind: "finally"; readonly parts: Parts }
  /** Begun, and not waited for. */
  | { readonly kind: "loose"; readonly parts: Parts }
  /** Answers updates by running its parts. */
  | { readonly kind: "handle"; readonly name: string; readonly parts: Parts }
  /** The first part with the change, the second without. */
  | { readonly kind: "patched"; readonly change: string; readonly parts: Parts }
  /** Another workflow, which runs its parts. */
  | {
      readonly kind: "child";
      readonly onParentClose: "cancel" | "abandon" | "terminate";
      readonly parts: Parts;
    };

export type Part = Leaf | Composite;
type Parts = readonly Part[];

export interface Program {
  readonly body: Part;
  /** How many executions follow the first by `continueAsNew`. */
  readonly continues: number;
  readonly timeoutMs?: number;
}

export const PLACES = ["here", "there"] as const;
export const SIGNALS = ["go", "stop"] as const;
export const UPDATES = ["add", "drop"] as const;

export function partsOf(part: Part): readonly Part[] {
  return "parts" in part ? part.parts : [];
}

/** Every part of the tree, itself first; those of children are of another execution, and are left out. */
export function allParts(part: Part): Part[] {
  const inside = part.kind === "child" ? [] : partsOf(part);
  return [part, ...inside.flatMap(allParts)];
}

/** The program as text, a line for each part. */
export function printed({ body, continues, timeoutMs }: Program): string {
  const head = [
    ...(continues > 0 ? [`continues as new ${continues} times`] : []),
    ...(timeoutMs === undefined ? [] : [`times out after ${timeoutMs} ms`]),
  ];
  return [...head, ...lines(body)].join("\n");
}

function lines(part: Part): string[] {
  const { kind, ...rest } = part;
  const traits = Object.entries(rest)
    .filter(([name]) => name !== "parts")
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return [
    `${kind}${traits.join("")}`,
    ...partsOf(part).flatMap((inner) => lines(inner).map((line) => `  ${line}`)),
  ];
}

/** Smaller programs, each with one thing less. */
export function* smaller(program: Program): Generator<Program> {
  if (program.continues > 0) yield { ...program, continues: 0 };
  if (program.timeoutMs !== undefined) yield { body: program.body, continues: program.continues };
  for (const body of smallerParts(program.body)) yield { ...program, body };
}

function* smallerParts(part: Part): Generator<Part> {
  if (!("parts" in part)) {
    for (const trait of [
      "fails",
      "tries",
      "doomed",
      "atMostOnce",
      "compensation",
      "beats",
      "turns",
      "ms",
      "timeoutMs",
    ]) {
      if (part.kind !== "sleep" && trait in part) {
        yield Object.fromEntries(Object.entries(part).filter(([name]) => name !== trait)) as unknown as Part;
      }
    }
    return;
  }
  yield* part.parts;
  for (const index of part.parts.keys()) {
    if (part.parts.length > 1) yield { ...part, parts: part.parts.toSpliced(index, 1) };
  }
  for (const [index, inner] of part.parts.entries()) {
    for (const less of smallerParts(inner)) yield { ...part, parts: part.parts.with(index, less) };
  }
}
