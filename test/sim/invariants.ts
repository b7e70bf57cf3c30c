/** What holds of every execution that has ended, whatever its program was and whatever was done to it. */
import type { Head } from "../../lib/model/head.js";
import { type HistoryEvent, isClosingEvent } from "../../lib/model/history-event.js";
import { isClosed } from "../../lib/model/status.js";
import type { Commit } from "../../lib/store/ports.js";
import type { Program } from "../programs/program.js";
import type { ColdReplay } from "./cold-replay.js";

/** What the programs did outside of their executions. Keys are idempotency keys: `x-1/step:s1`. */
export interface World {
  /** Bodies that ran, once for every time. */
  readonly bodies: {
    readonly key: string;
    readonly atMostOnce: boolean;
    /** How many attempts there may be, of a step that may run again. */
    readonly most?: number;
  }[];
  /** Compensations that ran, once for every time: of which step, and which operation did it. */
  readonly undone: { readonly of: string; readonly key: string }[];
  /** What transactions wrote. */
  readonly committed: string[];
  /** Callbacks that nobody has ended. */
  readonly tokens: Set<string>;
}

/** An execution at its end, with all that it left behind. */
export interface EndedExecution {
  readonly head: Head;
  readonly commits: readonly Commit[];
  readonly history: readonly HistoryEvent[];
  /** Its output, or its error in words: where an error was made differs from one run of the code to the next. */
  readonly result: unknown;
  /** Ids of the messages that it was sent, beside the head, and that its history says nothing of. */
  readonly unread: readonly string[];
  /** What a replay of its history alone came to, and how many bodies it ran. */
  readonly coldReplay: ColdReplay & { readonly bodies: number };
}

/** A program's execution, those that followed it, and their children. */
export interface Ended {
  readonly program: Program;
  readonly world: World;
  readonly executions: readonly EndedExecution[];
  /** Stable ids of the events that were published, each once. */
  readonly published: ReadonlySet<string>;
  /** Wait records that stood when it had ended, and those of them that an event of their key did not remove. */
  readonly waitRecords: { readonly left: number; readonly afterAnEvent: number };
}

const of =
  <Type extends HistoryEvent["type"]>(...types: Type[]) =>
  (history: readonly HistoryEvent[]) =>
    history.filter((event): event is Extract<HistoryEvent, { type: Type }> =>
      types.some((type) => type === event.type),
    );

const answers = of(
  "StepCompleted",
  "StepFailed",
  "TimerFired",
  "EventReceived",
  "SignalReceived",
  "CallbackReceived",
  "ChildEnded",
  "ChildRefused",
  "ChildAbandoned",
  "WaitTimedOut",
  "EventSent",
  "SignalSent",
  "UpdateAnswered",
);
const received = of("EventReceived", "SignalReceived", "CallbackReceived", "ChildEnded", "UpdateReceived");
const takeovers = of("LeaseTaken");

function isUnique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

function isSame(some: unknown, others: unknown): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

/** Positions of the history events that a redrive made void. */
function voided(history: readonly HistoryEvent[]): ReadonlySet<number> {
  return new Set(of("ExecutionRedriven")(history).flatMap((event) => event.voided ?? []));
}

function counting(history: readonly HistoryEvent[]): HistoryEvent[] {
  const without = voided(history);
  return history.filter((_, position) => !without.has(position));
}

function keyOf({ head }: EndedExecution, op: string): string {
  return `${head.executionId}/${op}`;
}

type Sentences<Of> = Record<string, (ended: Of, all: Ended) => boolean>;

const ofEach: Sentences<EndedExecution> = {
  "it ends": ({ head }) => isClosed(head.status),

  "slots are dense from 1, and the tail's is the next": ({ commits, head }) =>
    commits.every(({ slot }, index) => slot === index + 1) &&
    (head.tail === undefined || head.tail.slot === commits.length + 1),

  "the history ends in its one closing event": ({ history, coldReplay }) =>
    coldReplay.unbegun || counting(history).findIndex(isClosingEvent) === counting(history).length - 1,

  "an operation ends once": ({ history }) => isUnique(answers(counting(history)).map(({ op }) => op)),

  "a message is consumed once": ({ history }) =>
    isUnique(received(history).map(({ messageId }) => messageId)),

  "time never runs backwards": ({ history }) =>
    history.every(({ at }, index) => index === 0 || at >= (history[index - 1]?.at ?? 0)),

  "a body runs at most once more than it failed and than its owners died": (ended, { world }) => {
    const failed = of("StepAttemptFailed", "StepFailed")(ended.history);
    const crashes = takeovers(ended.history).length;
    const runs = new Map<string, number>();
    for (const { key } of world.bodies) runs.set(key, (runs.get(key) ?? 0) + 1);
    return of(
      "StepCompleted",
      "StepFailed",
    )(ended.history).every(({ op }) => {
      const failures = failed.filter((event) => event.op === op).length;
      return (runs.get(keyOf(ended, op)) ?? 0) <= 1 + failures + crashes;
    });
  },

  "a body runs no more often than its step has attempts": (ended, { world }) => {
    const rounds = 1 + of("ExecutionRedriven")(ended.history).length;
    const runs = new Map<string, { times: number; most: number }>();
    for (const { key, most } of world.bodies)
      if (most !== undefined) runs.set(key, { times: (runs.get(key)?.times ?? 0) + 1, most });
    return [...runs].every(
      ([key, { times, most }]) =>
        !isOwn(ended, key) || times <= rounds * most + uncountedTakeovers(ended, key),
    );
  },

  "the code does not go on once its compensation has begun": ({ head, history }) => {
    const began = history.findIndex(
      (event) => event.type === "CompensationStarted" && /^undo(#\d+)?\//.test(event.op),
    );
    // What the code of one that completed had left behind is ended when a redrive undoes what was not undone.
    const isLeft = (type: string): boolean =>
      head.status === "completed" && (type === "StepFailed" || type === "ChildAbandoned");
    return (
      began < 0 ||
      answers(history.slice(began)).every(({ op, type }) => op.startsWith("undo") || isLeft(type))
    );
  },

  "its inbox is empty at the end": ({ head, unread }) =>
    // Its successor reads what a continued one has not read; a terminated one has read nothing more.
    head.status === "continued" ||
    head.status === "terminated" ||
    isEndedBeforeItsStart(head) ||
    // How many messages are said to be beside the head is no matter: a settlement that didn't look again leaves the number as it was.
    (head.inbox.length === 0 && unread.length === 0),

  "a cold replay of its history comes to the same end and runs no body": ({ head, result, coldReplay }) =>
    coldReplay.bodies === 0 &&
    (coldReplay.unbegun ||
      head.status === "terminated" ||
      (coldReplay.outcome === head.status && isSame(coldReplay.result, result)) ||
      isEndedBeforeItsStart(head)),

  "its children have ended, and it was told how": ({ head, history }, { executions }) =>
    of("ChildRequested")(history).every(({ op, childId, onParentClose }) => {
      const child = executions.find((other) => other.head.executionId === childId);
      // One that was refused, or never created, is nobody's.
      if (child === undefined)
        return (
          onParentClose === "abandon" ||
          of("ChildRefused", "ChildAbandoned")(history).some((event) => event.op === op)
        );
      const told = of("ChildEnded")(history).find((event) => event.op === op);
      const last = child.head.continuedTo === undefined ? child.head.status : undefined;
      return (
        child.head.parent?.executionId === head.executionId &&
        // One that was redriven has another end since, of which a parent that knows the first has nothing to hear.
        (told?.message?.kind !== "child" ||
          told.message.status === last ||
          of("ExecutionRedriven")(child.history).length > 0)
      );
    }),
};

const ofAll: Sentences<Ended> = {
  "the body of an at-most-once step runs at most once, and once more for each redrive that a person asked for":
    ({ executions, world }) => {
      const keys = world.bodies.filter(({ atMostOnce }) => atMostOnce).map(({ key }) => key);
      return executions.every((execution) => {
        const redrives = of("ExecutionRedriven")(execution.history).length;
        const ops = of("StepStarted")(execution.history).map(({ op }) => keyOf(execution, op));
        return ops.every((own) => keys.filter((key) => key === own).length <= 1 + redrives);
      });
    },

  "what was sent is what was published": ({ executions, published }) => {
    const histories = executions.map(({ history }) => history);
    const sent = histories.flatMap((history) => of("EventSent")(history).map(({ eventId }) => eventId));
    const transactions = histories.flatMap((history) => completedTransactions(history));
    return sent.every((id) => published.has(id)) && published.size === sent.length + transactions.length;
  },

  "a transaction commits exactly once, if and only if it completes": ({ executions, world }) => {
    const completed = executions.flatMap((execution) =>
      completedTransactions(execution.history).map(({ op }) =>
        JSON.stringify({ TableName: "Orders", Item: { id: keyOf(execution, op) } }),
      ),
    );
    return isSame(completed.toSorted(), world.committed.toSorted());
  },

  "what completed and can be undone is undone in reverse order, each by one operation": ({
    executions,
    world,
  }) =>
    executions.every((execution) => {
      const positions = new Map(
        execution.history.flatMap((event, position) =>
          event.type === "StepCompleted" ? [[keyOf(execution, event.op), position] as const] : [],
        ),
      );
      const by = new Map<string, string>();
      const lastOf = new Map<string, number>();
      // An owner that was taken over may run once more what the next one has been through already: it is the first runs that are in order.
      const begun = new Set<string>();
      return world.undone
        .filter(({ key }) => !begun.has(key) && begun.add(key))
        .filter(({ key }) => key.startsWith(`${execution.head.executionId}/`) && isOwn(execution, key))
        .every(({ of: step, key }) => {
          const position = positions.get(step);
          const group = key.slice(0, key.lastIndexOf("/"));
          const inOrder =
            position !== undefined && position <= (lastOf.get(group) ?? Number.POSITIVE_INFINITY);
          const isOnlyOne =
            (by.get(step) ?? key) === key || of("ExecutionRedriven")(execution.history).length > 0;
          by.set(step, key);
          lastOf.set(group, position ?? 0);
          return inOrder && isOnlyOne;
        });
    }),

  "only an owner that died leaves a wait record behind": ({ executions, waitRecords }) =>
    waitRecords.left === 0 || executions.some(({ history }) => takeovers(history).length > 0),

  "a wait record that was left behind is removed by the next event of its key": ({ waitRecords }) =>
    waitRecords.afterAnEvent === 0,
};

/** A cancel before its start: its code never began, and reads nothing. */
function isEndedBeforeItsStart({ status, startAt, closedAt = 0 }: Head): boolean {
  return status === "cancelled" && startAt > closedAt;
}

/**
 * Takeovers that took no attempt from a step, though its body may run once more for them: of a turn that failed, and whose process lived, nobody
 * knows what ran (decision 0024); and an owner that doesn't know yet that it was taken over may begin a retry that was still to come.
 */
function uncountedTakeovers({ head, history }: EndedExecution, key: string): number {
  let retryAt = 0;
  return history.filter((event) => {
    if (event.type === "StepAttemptFailed" && key === `${head.executionId}/${event.op}`)
      retryAt = event.retryAt ?? 0;
    return event.type === "LeaseTaken" && (event.failed === true || retryAt > event.at);
  }).length;
}

/** A child's id begins with its parent's: what belongs to the one does not belong to the other. */
function isOwn({ head, history }: EndedExecution, key: string): boolean {
  return of(
    "StepCompleted",
    "StepFailed",
    "StepAttemptFailed",
  )(history).some(({ op }) => key === `${head.executionId}/${op}`);
}

function completedTransactions(history: readonly HistoryEvent[]) {
  return of("StepCompleted")(history).filter(({ op }) => /(^|\/)transaction:[^/]*$/.test(op));
}

/** The sentences that do not hold. */
export function brokenIn(ended: Ended): string[] {
  return [
    ...Object.entries(ofAll).flatMap(([sentence, holds]) => (holds(ended, ended) ? [] : [sentence])),
    ...ended.executions.flatMap((execution) =>
      Object.entries(ofEach).flatMap(([sentence, holds]) =>
        holds(execution, ended) ? [] : [`${execution.head.executionId}: ${sentence}`],
      ),
    ),
  ];
}

/** The messages beside an execution's head that its history doesn't name. Those that it names wait to be deleted with it. */
export async function unreadOf(
  store: { loadMessages(executionId: string): Promise<readonly { id: string }[]> },
  executionId: string,
  history: readonly HistoryEvent[],
): Promise<string[]> {
  const told = JSON.stringify(history);
  const messages = await store.loadMessages(executionId);
  return messages.map(({ id }) => id).filter((id) => !told.includes(JSON.stringify(id)));
}
