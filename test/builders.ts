/** Sentences for tests: histories and programs, built in the words of the domain. */

import type { Context } from "../lib/define/context.js";
import { type AnyWorkflow, workflow } from "../lib/define/workflow.js";
import type { HistoryEvent } from "../lib/model/history-event.js";
import { encode } from "../lib/model/value.js";
import { askedDigest } from "../lib/replay/asked.js";
import { Replay } from "../lib/replay/replay.js";

/** Noon of the first of January 2026. */
export const NOON = Date.UTC(2026, 0, 1, 12);

export const asking = (...paths: string[]): { asked: string } => ({ asked: askedDigest(paths) });

export const completed = (
  name: string,
  result: unknown,
  after: string[] = [`step:${name}`],
  at = NOON,
): HistoryEvent => ({
  type: "StepCompleted",
  op: `step:${name}`,
  attempt: 1,
  at,
  ...(after.length === 0 ? {} : asking(...after)),
  ...(result === undefined ? {} : { result: encode(result) }),
});

export function programOf<Input>(code: (ctx: Context, input: Input) => Promise<unknown>): AnyWorkflow {
  return workflow<Input, unknown>("under-test", code);
}

/** A replay of `code`, quiet after its first window. */
export async function replayOf<Input>(
  code: (ctx: Context, input: Input) => Promise<unknown>,
  input?: Input,
): Promise<Replay> {
  const replay = new Replay({
    executionId: "x-1",
    workflow: programOf(code),
    input: encode(input),
    startAt: NOON,
    errors: new Map(),
    log: { write: () => {} },
  });
  await replay.begin();
  return replay;
}
