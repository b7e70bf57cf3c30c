/** Waits, recent events and cursors. */
import type { RecentEvent, Store, WaitRecord } from "../../../../lib/store/ports.js";
import { recentEvent, T0 } from "../../builders.js";
import { pagesOf } from "../../pages.js";
import { one } from "../case.js";

const KEYS = [{ key: "order-1" }, {}];

const nameOf = ({ key }: { readonly key?: string }): string =>
  key === undefined ? "without a key" : "with a key";

const wait = (subject: { readonly key?: string }, executionId = "x"): WaitRecord => ({
  name: "payment.completed",
  ...subject,
  executionId,
  op: "wait/1",
  createdAt: T0,
  epoch: 2,
  until: T0,
});

const event = (subject: { readonly key?: string }, id: string, recordedAt = T0): RecentEvent => {
  const { key: _key, ...rest } = recentEvent(id, { recordedAt });
  return { ...rest, ...subject };
};

export const puttingWaits = KEYS.flatMap((subject) => [
  one({ what: `a wait ${nameOf(subject)}`, run: (store) => store.putWait(wait(subject)) }),
  one({
    what: `a wait ${nameOf(subject)} that a later owner has registered`,
    prepare: (store) => store.putWait({ ...wait(subject), epoch: 3, until: T0 + 1 }),
    run: (store) => store.putWait(wait(subject)),
  }),
]);

export const deletingWaits = KEYS.flatMap((subject) => [
  one({
    what: `a wait ${nameOf(subject)}`,
    async prepare(store) {
      for (const id of ["x", "y"]) await store.putWait(wait(subject, id));
    },
    run: (store) => store.deleteWait(wait(subject)),
  }),
  one({
    what: `a wait ${nameOf(subject)} that a later owner has registered`,
    prepare: (store) => store.putWait({ ...wait(subject), epoch: 3 }),
    run: (store) => store.deleteWait(wait(subject)),
  }),
]);

export const readingWaits = KEYS.map((subject) =>
  one({
    what: `a wait ${nameOf(subject)}`,
    prepare: (store) => store.putWait(wait(subject)),
    run: (store) => store.readWait(wait(subject)),
  }),
);

export const findingWaits = KEYS.map((subject) =>
  one({
    what: `waits ${nameOf(subject)}, page by page`,
    async prepare(store) {
      for (let index = 0; index < 9; index += 1) await store.putWait(wait(subject, `x${index}`));
    },
    run: (store) =>
      pagesOf((from) => store.findWaits({ name: "payment.completed", ...subject, limit: 4, ...from })),
  }),
);

type Recorded = Awaited<ReturnType<Store["putRecentEvent"]>>;

/** Whether it is the first is for nobody to act on: what is recorded goes to the waits again, whose inboxes know a repeat. */
const whatIsRecorded = ({ recorded }: Recorded): unknown => recorded;

export const recording = KEYS.flatMap((subject) => [
  one({
    what: `an event ${nameOf(subject)}`,
    run: (store) => store.putRecentEvent(event(subject, "bus-1")),
    means: whatIsRecorded,
  }),
  one({
    what: `an event ${nameOf(subject)} that was recorded at another time`,
    prepare: (store) => store.putRecentEvent(event(subject, "bus-1")),
    run: (store) => store.putRecentEvent(event(subject, "bus-1", T0 + 60_000)),
  }),
]);

export const lookingBack = KEYS.map((subject) =>
  one({
    what: `events ${nameOf(subject)}`,
    async prepare(store) {
      for (let index = 0; index < 9; index += 1)
        await store.putRecentEvent(event(subject, `bus-${index}`, T0 + index));
    },
    run: (store) => store.findRecentEvents({ name: "payment.completed", ...subject, since: T0 + 3 }),
  }),
);

export const readingCursors = [
  one({
    what: "a cursor",
    prepare: (store) => store.saveCursor("open#1", "there", 0),
    run: (store) => store.readCursor("open#1"),
  }),
  one({ what: "none", run: (store) => store.readCursor("open#1") }),
];

export const savingCursors = [
  one({ what: "the first", run: (store) => store.saveCursor("open#1", "here", 0) }),
  one({
    what: "the next",
    prepare: (store) => store.saveCursor("open#1", "here", 0),
    run: (store) => store.saveCursor("open#1", "there", 1),
  }),
  one({
    what: "one behind another's",
    async prepare(store) {
      await store.saveCursor("open#1", "here", 0);
      await store.saveCursor("open#1", "there", 1);
    },
    run: (store) => store.saveCursor("open#1", "elsewhere", 1),
  }),
];
