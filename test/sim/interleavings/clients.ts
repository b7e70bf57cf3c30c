/** What clients do, and what they are promised: each promise gives, in words, where it was not kept. */
import { client, ID, type Invocation, type Met } from "./invocations.js";

export const signals = (id: string): Invocation =>
  client("signal", (own) => own.signal(ID, "go", "went", { id }).then(() => "told"));
export const cancels = client("cancel", (own) => own.cancel(ID).then(() => "asked"));
export const terminates = client("terminate", (own) => own.terminate(ID).then(() => "done"));
export const pauses = client("pause", (own) => own.pause(ID).then(() => "asked"));
export const resumes = client("resume", (own) => own.resume(ID).then(() => "asked"));
export const redrives = client("redrive", (own) => own.redrive(ID).then(() => "asked"));

export const completes = client("complete", async (own, { world }) => {
  for (const token of world.tokens) await own.completeCallback(token, "completed");
});
export const fails = client("fail", async (own, { world }) => {
  for (const token of world.tokens) await own.failCallback(token, new Error("failed"));
});

type Promised = (met: Met) => readonly string[];

function wasAnswered({ answers }: Met, place: 0 | 1): boolean {
  return Object.hasOwn(Object(answers[place]), "is");
}

const times = ({ story }: Met, ...texts: readonly string[]): number =>
  story.filter((line) => texts.every((text) => line.includes(`"${text}"`))).length;

/** A signal that was accepted is in history, and received once at most; one that was refused is not. */
export const isTold =
  (place: 0 | 1, id: string): Promised =>
  (met) => {
    const isThere = times(met, `signal:${id}`) > 0;
    const received = times(met, `signal:${id}`, "SignalReceived");
    return isThere === wasAnswered(met, place) && received <= 1
      ? []
      : [`signal ${id} is ${isThere ? "" : "not "}in history, and was received ${received} times`];
  };

/** Where the execution can't have ended by itself before. */
export const isCancelled =
  (place: 0 | 1): Promised =>
  (met) =>
    wasAnswered(met, place) && met.status !== "cancelled"
      ? [`it was asked to cancel, and is ${met.status}`]
      : [];

export const isTerminated =
  (place: 0 | 1): Promised =>
  (met) =>
    (met.status === "terminated") === wasAnswered(met, place)
      ? []
      : [`terminate was answered ${JSON.stringify(met.answers[place])}, and it is ${met.status}`];

/** What was asked for is in history, once. */
export const isNoted =
  (place: 0 | 1, type: string): Promised =>
  (met) =>
    wasAnswered(met, place) && times(met, type) !== 1 ? [`${type} is ${times(met, type)} times there`] : [];

export const both =
  (one: Promised, other: Promised): Promised =>
  (met) => [...one(met), ...other(met)];
