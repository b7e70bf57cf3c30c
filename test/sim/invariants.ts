/** What holds of every execution that has ended, whatever its program was and whatever was done to it. */
import type { Head } from "../../lib/model/head.js";
import { type HistoryEvent, isClosingEvent } from "../../lib/model/history-event.js";
import type { Commit } from "../../lib/store/ports.js";
import { type Program, type Step, stepsOf, type World } from "./programs.js";

/** An execution at its end, with all that it left behind. */
export interface Ended {
  readonly program: Program;
  readonly world: World;
  readonly head: Head;
  readonly commits: readonly Commit[];
  readonly history: readonly HistoryEvent[];
  /** Its output, or its error in words: where an error was made differs from one run of the code to the next. */
  readonly result: unknown;
  /** Stable ids of the events that were published, each once. */
  readonly published: ReadonlySet<string>;
  /** What a replay of its history alone came to. */
  readonly coldReplay: {
    readonly outcome: string | undefined;
    readonly result: unknown;
    readonly bodies: number;
  };
  /** Wait records that stood when it had ended, and those of them that an event of their key did not remove. */
  readonly waitRecords: { readonly left: number; readonly afterAnEvent: number };
}

const of =
  <Type extends HistoryEvent["type"]>(...types: Type[]) =>
  (history: readonly HistoryEvent[]) =>
    history.filter((event): event is Extract<HistoryEvent, { type: Type }> =>
      types.some((type) => type === event.type),
    );

const answers = of("StepCompleted", "StepFailed", "TimerFired", "EventReceived", "WaitTimedOut", "EventSent");
const takeovers = of("LeaseTaken");

function stepsWith({ program }: Ended, has: (step: Step) => boolean): string[] {
  return stepsOf(program)
    .filter(has)
    .map(({ name }) => name);
}

function times(name: string, names: readonly string[]): number {
  return names.filter((other) => other === name).length;
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function isSame(some: unknown, others: unknown): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

export const invariants: Record<string, (ended: Ended) => boolean> = {
  "the execution ends": ({ head }) => ["completed", "failed", "cancelled"].includes(head.status),

  "slots are dense from 1, and the tail's is the next": ({ commits, head }) =>
    commits.every(({ slot }, index) => slot === index + 1) &&
    (head.tail === undefined || head.tail.slot === commits.length + 1),

  "the history ends in its one closing event": ({ history }) =>
    history.findIndex(isClosingEvent) === history.length - 1,

  "an operation ends once": ({ history }) => isUnique(answers(history).map(({ op }) => op)),

  "a message is consumed once": ({ history }) =>
    isUnique(of("EventReceived")(history).map(({ messageId }) => messageId)),

  "time never runs backwards": ({ history }) =>
    history.every(({ at }, index) => index === 0 || at >= (history[index - 1]?.at ?? 0)),

  "the body of an at-most-once step never runs twice": (ended) =>
    stepsWith(ended, (step) => step.atMostOnce).every((name) => times(name, ended.world.bodies) <= 1),

  "a body runs at most once more than it failed and than its owners died": (ended) =>
    stepsWith(ended, () => true).every((name) => {
      const failed = of("StepAttemptFailed")(ended.history).filter(({ op }) => op === `step:${name}`);
      return times(name, ended.world.bodies) <= 1 + failed.length + takeovers(ended.history).length;
    }),

  "what was sent is what was published": ({ history, published }) => {
    const sent = of("EventSent")(history).map(({ eventId }) => eventId);
    return sent.length === published.size && sent.every((id) => published.has(id));
  },

  "what completed and can be undone is undone in reverse order, unless the execution completed": (ended) => {
    const undoable = new Set(stepsWith(ended, (step) => step.compensates).map((name) => `step:${name}`));
    const done = of("StepCompleted")(ended.history).filter(({ op }) => undoable.has(op));
    const undone = of(
      "StepCompleted",
      "StepFailed",
    )(ended.history).filter(({ op }) => op.startsWith("undo/"));
    const expected = ended.head.status === "completed" ? [] : done.map(({ op }) => `undo/${op}`).toReversed();
    return isSame(
      undone.map(({ op }) => op),
      expected,
    );
  },

  "the code does not go on once its compensation has begun": ({ history }) => {
    const began = history.findIndex(({ type }) => type === "CompensationStarted");
    return began < 0 || answers(history.slice(began)).every(({ op }) => op.startsWith("undo/"));
  },

  "its inbox is empty at the end": ({ head }) => head.inbox.length === 0 && head.inboxItems === 0,

  "a cold replay of its history comes to the same end and runs no body": ({ head, result, coldReplay }) =>
    coldReplay.outcome === head.status && isSame(coldReplay.result, result) && coldReplay.bodies === 0,

  "only an owner that died leaves a wait record behind": ({ history, waitRecords }) =>
    waitRecords.left === 0 || takeovers(history).length > 0,

  "a wait record that was left behind is removed by the next event of its key": ({ waitRecords }) =>
    waitRecords.afterAnEvent === 0,
};

/** The sentences that do not hold. */
export function brokenIn(ended: Ended): string[] {
  return Object.entries(invariants)
    .filter(([, holds]) => !holds(ended))
    .map(([sentence]) => sentence);
}
