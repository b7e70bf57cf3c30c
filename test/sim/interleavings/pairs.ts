/** Which two meet, on what, and what their clients were promised. */
import type { DurableClient } from "../../../lib/client/client.js";
import { derivedChildId } from "../../../lib/model/ids.js";
import { type Ground, LISTENER, listener, PLACE } from "./ground.js";
import {
  auditor,
  client,
  deliverer,
  ID,
  type Invocation,
  type Met,
  type Pair,
  relayer,
  rescuer,
  starting,
  wake,
  worker,
} from "./invocations.js";
import {
  Arrived,
  awaiting,
  continuing,
  failing,
  family,
  once,
  type Programs,
  signalled,
  sleeping,
  telling,
  waiting,
} from "./programs.js";

const MINUTE = 60_000;

const CHILD = derivedChildId(ID, "child:child");

// ---------------------------------------------------------------- what was before

/** Created, its wake in the queue. */
async function started(ground: Ground): Promise<void> {
  const [first] = ground.bench.app.workflows.values();
  if (first !== undefined) await ground.bench.start(first, undefined, ID);
}

/** Come as far as it comes by itself. */
async function begun(ground: Ground): Promise<void> {
  await started(ground);
  await ground.cloud.settle();
}

const then =
  (...prepare: ((ground: Ground) => unknown)[]) =>
  async (ground: Ground): Promise<void> => {
    for (const one of prepare) await one(ground);
  };

const asked =
  (ask: (client: DurableClient) => Promise<unknown>) =>
  (ground: Ground): Promise<unknown> =>
    ask(ground.bench.client);

/** A wake beside the one that is there. */
const another = (ground: Ground): void => wake(ground, "audit");

/** What can be received can be received once more. */
function twice({ cloud, trace }: Ground): void {
  const now = cloud.clock.now();
  for (const queue of [cloud.wakeQueue, cloud.stream])
    for (const message of [...queue.visible(now)]) queue.repeat(message as never, now);
  trace.entries.push({ kind: "fault", at: now, process: 0, what: "a message is received twice at once" });
}

const arrives = ({ bench }: Ground): void =>
  bench.publish(Arrived, { place: PLACE, n: 1 }, ["holdfast:event:arrival"]);

const later =
  (ms: number) =>
  ({ cloud: { clock } }: Ground): void =>
    clock.moveTo(clock.now() + ms);

/** Somebody took it, and died. */
async function orphaned({ bench, cloud }: Ground): Promise<void> {
  const { epoch } = await bench.head();
  const until = cloud.clock.now() + MINUTE;
  await bench.store.acquireLease({
    executionId: ID,
    seen: { epoch },
    owner: "gone",
    token: "gone",
    until,
  });
  later(2 * MINUTE)({ cloud } as Ground);
}

// ---------------------------------------------------------------- what clients do, and what they were promised

const signals = (id: string): Invocation =>
  client("signal", (own) => own.signal(ID, "go", "went", { id }).then(() => "told"));
const cancels = client("cancel", (own) => own.cancel(ID).then(() => "asked"));
const terminates = client("terminate", (own) => own.terminate(ID));
const pauses = client("pause", (own) => own.pause(ID).then(() => "asked"));
const resumes = client("resume", (own) => own.resume(ID).then(() => "asked"));
const redrives = client("redrive", (own) => own.redrive(ID).then(() => "asked"));

function wasAnswered({ answers }: Met, place: 0 | 1): boolean {
  return JSON.stringify(answers[place]).startsWith('{"is"');
}

const times = ({ story }: Met, line: string): number => story.filter((one) => one.includes(line)).length;

/** A signal that was accepted is in history, once; one that was refused is not. */
const isTold =
  (place: 0 | 1, id: string) =>
  (met: Met): string[] => {
    const isThere = times(met, `"signal:${id}"`) > 0;
    const received = met.story.filter(
      (line) => line.includes('"SignalReceived"') && line.includes(`"signal:${id}"`),
    ).length;
    return isThere === wasAnswered(met, place) && received <= 1
      ? []
      : [`signal ${id} is ${isThere ? "" : "not "}in history, and was received ${received} times`];
  };

const isCancelled = (met: Met): string[] =>
  wasAnswered(met, 1) && met.status !== "cancelled" ? [`it was asked to cancel, and is ${met.status}`] : [];

const isTerminated =
  (place: 0 | 1) =>
  (met: Met): string[] => {
    const is = met.status === "terminated";
    return is === wasAnswered(met, place)
      ? []
      : [`terminate was answered ${JSON.stringify(met.answers)}, and it is ${met.status}`];
  };

const noted =
  (place: 0 | 1, type: string) =>
  (met: Met): string[] =>
    wasAnswered(met, place) && times(met, type) !== 1 ? [`${type} is ${times(met, type)} times there`] : [];

// ---------------------------------------------------------------- who meets

const AS_IT_COMES = { "a message is received twice at once": 1 };

interface Meets extends Omit<Pair, "name" | "workflows" | "prepares"> {
  readonly on: Programs;
  readonly after: (ground: Ground) => Promise<void>;
}

const pair = (name: string, { on, after, ...rest }: Meets): Pair => ({
  name,
  workflows: on,
  prepares: after,
  ...rest,
});

export const PAIRS: readonly Pair[] = [
  pair("worker, worker: one wake received twice", {
    on: signalled,
    after: then(started, twice),
    one: worker(),
    other: worker(),
    weather: AS_IT_COMES,
    deaths: true,
  }),
  pair("worker, worker: one wake of an at-most-once step received twice", {
    on: once,
    after: then(started, twice),
    one: worker(),
    other: worker(),
    weather: AS_IT_COMES,
    deaths: true,
  }),
  pair("worker, worker: two wakes", {
    on: signalled,
    after: then(started, another),
    one: worker(),
    other: worker(),
    deaths: true,
  }),
  pair("worker, worker: two wakes behind a signal", {
    on: signalled,
    after: then(
      begun,
      asked((own) => own.signal(ID, "go", "went")),
      another,
    ),
    one: worker(),
    other: worker(),
    deaths: true,
  }),
  pair("worker, worker: a timer and a zombie", {
    on: sleeping,
    after: then(started, another),
    one: worker(),
    other: worker(),
    isZombie: true,
    weather: AS_IT_COMES,
  }),
  pair("worker, worker: an at-most-once step and a zombie", {
    on: once,
    after: then(started, another),
    one: worker(),
    other: worker(),
    isZombie: true,
    weather: AS_IT_COMES,
  }),
  pair("worker, worker: a signal and a zombie", {
    on: signalled,
    after: then(
      begun,
      asked((own) => own.signal(ID, "go", "went")),
      another,
    ),
    one: worker(),
    other: worker(),
    isZombie: true,
    weather: AS_IT_COMES,
  }),
  pair("worker, deliver", {
    on: awaiting,
    after: then(started, arrives),
    one: worker(),
    other: deliverer,
    deaths: true,
  }),
  pair("worker, signal: before it is waited for", {
    on: signalled,
    after: started,
    one: worker(),
    other: signals("a"),
    deaths: true,
    promises: isTold(1, "a"),
  }),
  pair("worker, signal: as it ends", {
    on: waiting,
    after: then(
      begun,
      asked((own) => own.signal(ID, "go", "went", { id: "b" })),
    ),
    one: worker(),
    other: signals("a"),
    deaths: true,
    promises: isTold(1, "a"),
  }),
  pair("worker, signal: as it continues as new", {
    on: continuing,
    after: then(
      begun,
      asked((own) => own.signal(ID, "go", "went", { id: "b" })),
    ),
    one: worker(),
    other: signals("a"),
    deaths: true,
  }),
  pair("worker, cancel", {
    on: signalled,
    after: started,
    one: worker(),
    other: cancels,
    deaths: true,
    promises: isCancelled,
  }),
  pair("worker, cancel: as it ends", {
    on: waiting,
    after: then(
      begun,
      asked((own) => own.signal(ID, "go", "went")),
    ),
    one: worker(),
    other: cancels,
    deaths: true,
  }),
  pair("worker, terminate", {
    on: signalled,
    after: started,
    one: worker(),
    other: terminates,
    deaths: true,
    promises: isTerminated(1),
  }),
  pair("worker, terminate: as it ends", {
    on: waiting,
    after: then(
      begun,
      asked((own) => own.signal(ID, "go", "went")),
    ),
    one: worker(),
    other: terminates,
    deaths: true,
    promises: isTerminated(1),
  }),
  pair("worker, pause", {
    on: signalled,
    after: started,
    one: worker(),
    other: pauses,
    deaths: true,
    promises: noted(1, "ExecutionPaused"),
  }),
  pair("worker, resume", {
    on: signalled,
    after: then(
      begun,
      asked((own) => own.pause(ID)),
      ({ cloud }: Ground) => cloud.settle(),
      asked((own) => own.signal(ID, "go", "went")),
    ),
    one: worker(),
    other: resumes,
    deaths: true,
    promises: noted(1, "ExecutionResumed"),
  }),
  pair("worker, redrive: as it fails", {
    on: failing,
    after: started,
    one: worker(),
    other: redrives,
    deaths: true,
  }),
  pair("worker, redrive: once it has failed", {
    on: failing,
    after: then(begun, another),
    one: worker(),
    other: redrives,
    deaths: true,
    promises: noted(1, "ExecutionRedriven"),
  }),
  pair("worker, audit", {
    on: signalled,
    after: then(started, later(10 * MINUTE)),
    one: worker(),
    other: auditor,
  }),
  pair("worker, rescue", {
    on: signalled,
    after: then(started, orphaned),
    one: worker(),
    other: rescuer,
    deaths: true,
  }),
  pair("worker, start", {
    on: waiting,
    after: started,
    one: worker(),
    other: starting("waiting"),
    deaths: true,
  }),
  pair("start, start", {
    on: waiting,
    after: async () => {},
    one: starting("waiting"),
    other: starting("waiting"),
    deaths: true,
  }),
  pair("deliver, deliver: one event received twice", {
    on: awaiting,
    after: then(begun, arrives, arrives),
    one: deliverer,
    other: deliverer,
    deaths: true,
  }),
  pair("relay, relay: one commit received twice", {
    on: telling,
    after: then(
      ({ bench }: Ground) => bench.start(listener, undefined, LISTENER),
      ({ cloud }: Ground) => {
        cloud.relayIsOn = false;
      },
      begun,
      twice,
      ({ cloud }: Ground) => {
        cloud.relayIsOn = true;
      },
    ),
    one: relayer,
    other: relayer,
    weather: AS_IT_COMES,
    deaths: true,
  }),
  pair("signal, signal: the same one", {
    on: waiting,
    after: begun,
    one: signals("a"),
    other: signals("a"),
    deaths: true,
    promises: isTold(0, "a"),
  }),
  pair("cancel, signal", {
    on: signalled,
    after: begun,
    one: signals("a"),
    other: cancels,
    deaths: true,
    promises: (met) => [...isTold(0, "a")(met), ...isCancelled(met)],
  }),
  pair("cancel, terminate", {
    on: signalled,
    after: begun,
    one: cancels,
    other: terminates,
    deaths: true,
    promises: isTerminated(1),
  }),
  pair("terminate, terminate", {
    on: signalled,
    after: begun,
    one: terminates,
    other: terminates,
    deaths: true,
  }),
  pair("redrive, redrive", {
    on: failing,
    after: begun,
    one: redrives,
    other: redrives,
    deaths: true,
    promises: noted(1, "ExecutionRedriven"),
  }),
  pair("worker, worker: a parent and its child that ends", {
    on: family,
    after: then(begun, ({ bench }: Ground) => bench.client.signal(CHILD, "go", "went"), another),
    one: worker(CHILD),
    other: worker(),
    deaths: true,
  }),
];
