/** The histories of `test/histories`, which every release must replay: see the README there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replayHistory } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "../../lib/client/types.js";
import { digest } from "../../lib/model/ids.js";
import { encode } from "../../lib/model/value.js";
import { bodies, OutOfStock, recorded } from "../histories/workflows.js";

const folder = join(import.meta.dirname, "../histories");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(/\.json$/, ""));

interface Expected {
  readonly status: string;
  readonly output?: unknown;
  readonly error?: string;
  readonly compensation?: string;
  readonly digest: string;
}

const historyOf = (name: string): string => readFileSync(join(folder, `${name}.json`), "utf8");
const outcomeOf = (name: string): Expected =>
  JSON.parse(readFileSync(join(folder, "outcomes", `${name}.json`), "utf8"));

describe("a history that was recorded once", () => {
  it.each(names)("is replayed by this release: %s", async (name) => {
    const text = historyOf(name);
    const { status, output, error, digest: recordedDigest } = outcomeOf(name);
    expect(digest(text, 22), "the file was edited").toBe(recordedDigest);
    const history = JSON.parse(text) as HistoryEntry[];
    const began = bodies.run;
    const replayed = await replayHistory(history, recorded.workflow(name), { errors: [OutOfStock] });
    expect(bodies.run, "no body runs").toBe(began);
    expect(replayed).toMatchObject({ workflow: name, ended: status, events: history.length - 1 });
    if (status === "completed") expect(encode(replayed.output)).toEqual(output);
    if (error !== undefined) expect(String(replayed.error)).toBe(error);
  });

  it("is there for every feature that a history can show", () => {
    const types = new Set(
      names.flatMap((name) => (JSON.parse(historyOf(name)) as HistoryEntry[]).map(({ event }) => event.type)),
    );
    for (const type of [
      "StepAttemptFailed",
      "StepFailed",
      "StepStarted",
      "StepHeartbeat",
      "TimerFired",
      "WaitTimedOut",
      "EventReceived",
      "SignalReceived",
      "CallbackReceived",
      "ChildRequested",
      "ChildEnded",
      "EventSent",
      "SignalSent",
      "MessageBuffered",
      "UpdateReceived",
      "UpdateAnswered",
      "CancelRequested",
      "DeadlinePassed",
      "CompensationStarted",
      "ChangePatched",
      "LeaseTaken",
      "ExecutionRedriven",
      "ExecutionContinued",
      "ExecutionFailed",
      "ExecutionCancelled",
      "ExecutionCompleted",
    ] as const)
      expect([...types], type).toContain(type);
  });

  it("holds no place of the machine that recorded it", () => {
    for (const name of names) expect(historyOf(name)).not.toMatch(/node_modules|file:\/\/|\.ts:\d/);
  });
});
