/** Each execution ends as its workflow says, with what it was told and what it did. */
import type { Output } from "../app.js";
import { type Ended, type Evidence, performedIn } from "./evidence.js";

interface End {
  readonly status: string;
  readonly error?: string;
  readonly fits?: (output: Output, executionId: string) => boolean;
}

const ENDS: Readonly<Record<string, End>> = {
  waits: {
    status: "completed",
    fits: ({ heard: [order, winner, ...more] }, id) =>
      order === id && (winner === "rang" || winner === "late") && more.length === 0,
  },
  naps: { status: "completed", fits: ({ naps }) => naps.length === 3 },
  errand: { status: "completed", fits: ({ naps }) => naps.length === 1 },
  parents: { status: "completed", fits: ({ heard }) => heard.length === 3 },
  asks: {
    status: "completed",
    fits: ({ naps, heard }) => naps.length === 1 && heard.join() === "first,second",
  },
  pays: {
    status: "completed",
    fits: ({ naps, payments, printed }) =>
      naps.length === 1 && payments.length === 2 && printed !== undefined,
  },
  undone: { status: "failed", error: "It is undone, as it always is." },
  endless: { status: "cancelled" },
};

export function* wrongEnds({ ended }: Evidence): Iterable<string> {
  for (const one of ended) {
    const { executionId, workflow, status, output, error } = one;
    const end = ENDS[workflow];
    const name = `${executionId} (${workflow})`;
    if (status !== end?.status) {
      yield `${name} is ${status}, and should be ${end?.status}${error === undefined ? "" : `: ${error}`}`;
      continue;
    }
    if (end.error !== undefined && error !== end.error) yield `${name} failed because of "${error}"`;
    if (end.fits !== undefined && (output === undefined || !end.fits(output, executionId)))
      yield `${name} gave ${JSON.stringify(output)}`;
    yield* wrongPrint(one);
  }
  yield* wrongChildren(ended);
}

/** What the code was told of its at-most-once step is what history says of it. */
function* wrongPrint(one: Ended): Iterable<string> {
  const printed = one.output?.printed;
  if (printed === undefined) return;
  const step = performedIn(one).find(({ op }) => op === "step:print");
  const told =
    step?.ok === true ? step.nonce : printed === "interrupted" || printed === "failed" ? printed : "";
  if (printed !== told) yield `${one.executionId} says of its print "${printed}", and its history "${told}"`;
}

/** Three for each parent, each its own, and the parent has what they gave. */
function* wrongChildren(ended: readonly Ended[]): Iterable<string> {
  const errands = ended.filter(({ workflow }) => workflow === "errand");
  const slept = new Map<string, string[]>();
  for (const { executionId, output } of errands) {
    const parent = executionId.slice(0, executionId.lastIndexOf("/"));
    slept.set(parent, [...(slept.get(parent) ?? []), ...(output?.naps ?? []).map(({ ms }) => String(ms))]);
  }
  for (const { executionId, workflow, output } of ended) {
    if (workflow !== "parents") continue;
    const own = (slept.get(executionId) ?? []).toSorted();
    slept.delete(executionId);
    if (own.length !== 3) yield `${executionId} has ${own.length} children that ended, and should have 3`;
    else if (output !== undefined && output.heard.toSorted().join() !== own.join())
      yield `${executionId} heard ${output.heard.join()} of its children, and they gave ${own.join()}`;
  }
  for (const parent of slept.keys()) yield `${parent} is no parent, and has children`;
}
