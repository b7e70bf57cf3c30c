/** A meeting to its end: what became of it, and what of that does not hold. */
import { brokenIn, type EndedExecution } from "../invariants.js";
import { brokenSentences } from "../simulator/sentences.js";
import { ID, type Met } from "./invocations.js";
import type { Meeting } from "./meeting.js";

export interface Judged {
  /** All that somebody outside can tell, as text: two ends are the same when it is. */
  readonly outcome: string;
  readonly broken: readonly string[];
  /** How many calls each of the two made. */
  readonly calls: readonly number[];
}

export async function judge(meeting: Meeting): Promise<Judged> {
  const calls = meeting.actors.map((actor) => actor.calls);
  try {
    return { ...(await goOn(meeting)), calls };
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { outcome: words, broken: [`it comes to its end: ${words}`], calls };
  }
}

/** The world goes on undisturbed. */
async function goOn(meeting: Meeting): Promise<Omit<Judged, "calls">> {
  const { ground, pair } = meeting;
  await ground.cloud.settle();
  await ground.rest();
  // What a client left that died and did not ask again, and what a relay claimed that died, the audit alone brings on.
  if (meeting.hasDeath) {
    await ground.audit();
    await ground.rest();
  }
  const standing = await ground.standing();
  const atRest = await statusesOf(meeting);
  await ground.encourage();
  await ground.audit();
  const ended = await ground.ended();
  const end = await ground.endOf(ended, standing, pair.weather ?? {});
  const met = metOf(meeting, ended.executions);
  const broken = [
    ...brokenIn(ended),
    ...brokenSentences(end),
    ...(meeting.hasDeath ? [] : (pair.promises?.(met) ?? [])),
    ...ground.cloud.errors.map((error) => `an invocation threw afterwards: ${error}`),
  ];
  const outcome = JSON.stringify({ answers: met.answers, atRest, ends: ended.executions.map(essenceOf) });
  return { outcome, broken };
}

async function statusesOf({ ground }: Meeting): Promise<unknown> {
  const statuses: unknown[] = [];
  for (const id of await ground.executionIds()) statuses.push([id, await ground.bench.status(id)]);
  return statuses;
}

function metOf({ actors }: Meeting, executions: readonly EndedExecution[]): Met {
  const first = executions.find(({ head }) => head.executionId === ID);
  return {
    answers: actors.map(({ answer }) => answer),
    status: first?.head.status ?? "never begun",
    output: first?.result,
    story: (first?.history ?? []).map((event) => JSON.stringify(event)),
  };
}

/** Of its end, and of its history what doesn't depend on who owned it, and when. */
function essenceOf({ head, history, result }: EndedExecution): unknown {
  const story = history
    .filter(({ type }) => type !== "LeaseTaken")
    .map((event) => ("op" in event ? `${event.type} ${event.op}` : event.type));
  return [head.executionId, head.status, result, story];
}
