/** Which two meet, on what, and what their clients were promised. */
import { derivedChildId } from "../../../lib/model/ids.js";
import {
  another,
  arrives,
  asked,
  before,
  begun,
  delivered,
  later,
  looked,
  orphaned,
  signalledTo,
  started,
  twice,
  unrelayed,
  withListener,
} from "./before.js";
import {
  both,
  cancels,
  completes,
  fails,
  isCancelled,
  isNoted,
  isTerminated,
  isTold,
  pauses,
  redrives,
  resumes,
  signals,
  terminates,
} from "./clients.js";
import {
  auditor,
  deliverer,
  ID,
  type Invocation,
  type Pair,
  relayer,
  rescuer,
  starting,
  worker,
} from "./invocations.js";
import {
  awaiting,
  busy,
  calling,
  continuing,
  failing,
  family,
  once,
  type Programs,
  signalled,
  sleeping,
  telling,
  transacting,
  waiting,
} from "./programs.js";

const MINUTE = 60_000;
const CHILD = derivedChildId(ID, "child:child");

type More = Pick<Pair, "promises" | "isZombie" | "weather">;

const pair = (
  name: string,
  workflows: Programs,
  prepares: Pair["prepares"],
  one: Invocation,
  other: Invocation,
  more: More = {},
): Pair => ({ name, workflows, prepares, one, other, ...more });

/** Nothing can be said of when their calls began. */
const LATE: More = { weather: { "a message is received twice at once": 1 } };
const ZOMBIE: More = { ...LATE, isZombie: true };

const wakeTwice = before(started, twice);
const twoWakes = before(started, another);
const itsSignal = before(begun, signalledTo());
const itsSignalTwoWakes = before(itsSignal, another);
const paused = before(
  begun,
  asked((own) => own.pause(ID)),
  looked,
);

export const PAIRS: readonly Pair[] = [
  // ---------------------------------------------------------------- two owners
  pair("worker, worker: one wake received twice", signalled, wakeTwice, worker(), worker(), LATE),
  pair("worker, worker: one wake received twice, at most once", once, wakeTwice, worker(), worker(), LATE),
  pair("worker, worker: one wake received twice, busy", busy, wakeTwice, worker(), worker(), LATE),
  pair(
    "worker, worker: one wake received twice, in a transaction",
    transacting,
    wakeTwice,
    worker(),
    worker(),
    LATE,
  ),
  pair("worker, worker: two wakes", signalled, twoWakes, worker(), worker()),
  pair("worker, worker: two wakes, busy", busy, twoWakes, worker(), worker()),
  pair("worker, worker: two wakes behind a signal", signalled, itsSignalTwoWakes, worker(), worker()),
  pair("worker, worker: two wakes as it continues as new", continuing, itsSignalTwoWakes, worker(), worker()),
  pair("worker, zombie: before a timer", sleeping, twoWakes, worker(), worker(), ZOMBIE),
  pair("worker, zombie: at most once", once, twoWakes, worker(), worker(), ZOMBIE),
  pair("worker, zombie: in a transaction", transacting, twoWakes, worker(), worker(), ZOMBIE),
  pair("worker, zombie: behind a signal", signalled, itsSignalTwoWakes, worker(), worker(), ZOMBIE),
  pair("worker, zombie: as it continues as new", continuing, itsSignalTwoWakes, worker(), worker(), ZOMBIE),
  pair("worker, zombie: busy", busy, twoWakes, worker(), worker(), ZOMBIE),

  // ---------------------------------------------------------------- an owner, and what comes in
  pair("worker, deliver", awaiting, before(started, arrives("one")), worker(), deliverer),
  pair("worker, deliver: busy", busy, before(started, arrives("one")), worker(), deliverer),
  pair(
    "worker, deliver: of another event, as it ends",
    awaiting,
    before(begun, arrives("one"), delivered, arrives("two")),
    worker(),
    deliverer,
  ),
  pair("worker, signal", signalled, started, worker(), signals("a"), { promises: isTold(1, "a") }),
  pair("worker, signal: busy", busy, started, worker(), signals("a"), { promises: isTold(1, "a") }),
  pair("worker, signal: as it ends", waiting, itsSignal, worker(), signals("a"), {
    promises: isTold(1, "a"),
  }),
  pair("worker, signal: as it continues as new", continuing, itsSignal, worker(), signals("a")),
  pair("worker, cancel", signalled, started, worker(), cancels, { promises: isCancelled(1) }),
  pair("worker, cancel: busy", busy, started, worker(), cancels, { promises: isCancelled(1) }),
  pair("worker, cancel: as it ends", waiting, itsSignal, worker(), cancels),
  pair("worker, cancel: as it continues as new", continuing, itsSignal, worker(), cancels),
  pair("worker, cancel: as it asks for a child", family, started, worker(), cancels, {
    promises: isCancelled(1),
  }),
  pair("worker, terminate", signalled, started, worker(), terminates, { promises: isTerminated(1) }),
  pair("worker, terminate: busy", busy, started, worker(), terminates, { promises: isTerminated(1) }),
  pair("worker, terminate: as it ends", waiting, itsSignal, worker(), terminates, {
    promises: isTerminated(1),
  }),
  pair("worker, terminate: as it continues as new", continuing, itsSignal, worker(), terminates),
  pair("worker, terminate: as it asks for a child", family, started, worker(), terminates, {
    promises: isTerminated(1),
  }),
  pair("worker, pause", signalled, started, worker(), pauses, { promises: isNoted(1, "ExecutionPaused") }),
  pair("worker, pause: busy", busy, started, worker(), pauses, { promises: isNoted(1, "ExecutionPaused") }),
  pair("worker, resume", signalled, before(paused, signalledTo()), worker(), resumes, {
    promises: isNoted(1, "ExecutionResumed"),
  }),
  pair("worker, redrive: as it fails", failing, started, worker(), redrives),
  pair("worker, redrive: once it has failed", failing, before(begun, another), worker(), redrives, {
    promises: isNoted(1, "ExecutionRedriven"),
  }),
  pair("worker, start", waiting, started, worker(), starting("waiting")),
  pair("worker, audit", signalled, before(started, later(10 * MINUTE)), worker(), auditor),
  pair("worker, rescue", signalled, before(started, orphaned), worker(), rescuer(0)),
  pair("worker, rescue: that stalls", signalled, before(started, orphaned), worker(), rescuer(2)),

  // ---------------------------------------------------------------- parents and children
  pair(
    "worker, worker: a child that ends, and its parent",
    family,
    before(begun, signalledTo(CHILD), another),
    worker(CHILD),
    worker(),
  ),
  pair(
    "worker, worker: a child that ends, and its parent that is cancelled",
    family,
    before(
      begun,
      signalledTo(CHILD),
      asked((own) => own.cancel(ID)),
    ),
    worker(CHILD),
    worker(),
  ),
  pair(
    "worker, terminate: a child that ends, and its parent",
    family,
    before(begun, signalledTo(CHILD)),
    worker(CHILD),
    terminates,
    {
      promises: isTerminated(1),
    },
  ),

  // ---------------------------------------------------------------- nobody owns it
  pair("start, start", waiting, async () => {}, starting("waiting"), starting("waiting")),
  pair("start, cancel", waiting, async () => {}, starting("waiting"), cancels, { promises: isCancelled(1) }),
  pair(
    "deliver, deliver: one event received twice",
    awaiting,
    before(begun, arrives("one"), arrives("one")),
    deliverer,
    deliverer,
  ),
  pair("deliver, signal", busy, before(begun, arrives("one")), deliverer, signals("a"), {
    promises: isTold(1, "a"),
  }),
  pair(
    "relay, relay: one commit received twice",
    telling,
    before(withListener, unrelayed(begun), twice),
    relayer,
    relayer,
    LATE,
  ),
  pair(
    "relay, audit: of what was left for long",
    telling,
    before(withListener, unrelayed(begun), later(10 * MINUTE)),
    relayer,
    auditor,
  ),
  pair("signal, signal: the same one", waiting, begun, signals("a"), signals("a"), {
    promises: isTold(0, "a"),
  }),
  pair("signal, cancel", signalled, begun, signals("a"), cancels, {
    promises: both(isTold(0, "a"), isCancelled(1)),
  }),
  pair("pause, resume", signalled, begun, pauses, resumes),
  pair("complete, fail: one callback", calling, begun, completes, fails),
  pair("cancel, terminate", signalled, begun, cancels, terminates, { promises: isTerminated(1) }),
  pair("terminate, terminate", signalled, begun, terminates, terminates),
  pair("redrive, redrive", failing, begun, redrives, redrives, { promises: isNoted(1, "ExecutionRedriven") }),
  pair("redrive, terminate", failing, begun, redrives, terminates),
];
