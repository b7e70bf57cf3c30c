/** The inbox and the payloads. */
import type { Store } from "../../../../lib/store/ports.js";
import { COMPLETED, largeMessage, message, owned, settled } from "../../builders.js";
import { one } from "../case.js";

type Appended = Awaited<ReturnType<Store["appendMessage"]>>;

/** A message that was there already is as good as one that is there now: either way its target is woken. */
const isThere = (answer: Appended): unknown =>
  answer.outcome === "duplicate" ? { ...answer, outcome: "appended" } : answer;

/**
 * A repeat can't tell whether the first try came as far as the head, so it raises the numbers once more. The owner looks once in vain, and
 * its settlement writes the number of items that it knows to be there.
 */
const COUNTED_AGAIN = ["inboxSeq", "inboxItems"];

const countedOrNot = (answer: Appended): unknown => {
  if (answer.outcome === "missing") return answer;
  const { inboxSeq: _seq, inboxItems: _items, ...head } = answer.head;
  return isThere({ ...answer, head: { ...head, inboxSeq: 0, inboxItems: 0 } });
};

export const accepting = [
  one({
    what: "a small message",
    prepare: (store) => owned(store, "x"),
    run: (store) => store.appendMessage("x", message("m1")),
    means: isThere,
  }),
  one({
    what: "a large message",
    prepare: (store) => owned(store, "x"),
    run: (store) => store.appendMessage("x", largeMessage("m1", 3_000)),
    means: countedOrNot,
    besides: COUNTED_AGAIN,
  }),
  one({
    what: "a small message for which the head has no room",
    async prepare(store) {
      await owned(store, "x");
      for (let index = 0; index < 6; index += 1) await store.appendMessage("x", message(`m${index}`));
    },
    run: (store) => store.appendMessage("x", message("m6")),
    means: countedOrNot,
    besides: COUNTED_AGAIN,
  }),
  one({
    what: "a message that is there",
    async prepare(store) {
      await owned(store, "x");
      await store.appendMessage("x", message("m1"));
    },
    run: (store) => store.appendMessage("x", message("m1")),
  }),
  ...[message("m1"), largeMessage("m1", 3_000)].map((sent) =>
    one({
      what: `a message of ${JSON.stringify(sent).length} bytes to an execution that has ended`,
      prepare: (store) => settled(store, "x", COMPLETED),
      run: (store) => store.appendMessage("x", sent),
    }),
  ),
  one({ what: "a message to nobody", run: (store) => store.appendMessage("x", message("m1")) }),
];

const withLargeOnes = async (store: Store, count: number): Promise<void> => {
  await owned(store, "x");
  for (let index = 0; index < count; index += 1)
    await store.appendMessage("x", largeMessage(`m${index}`, 500));
};

export const loadingMessages = [
  one({
    what: "messages that are items of their own",
    prepare: (store) => withLargeOnes(store, 5),
    run: (store) => store.loadMessages("x"),
  }),
];

export const deletingMessages = [
  one({
    what: "messages, and some that are gone",
    prepare: (store) => withLargeOnes(store, 5),
    run: (store) => store.deleteMessages("x", ["m0", "m1", "m2", "never", ...manyIds(20)]),
  }),
];

function manyIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `gone-${index}`);
}

export const puttingPayloads = [
  one({ what: "text", run: (store) => store.putPayload("x", "input", "[1]") }),
  one({ what: "bytes", run: (store) => store.putPayload("x", "input", Uint8Array.from([0, 255, 27])) }),
  one({
    what: "text under a name that another has",
    prepare: (store) => store.putPayload("x", "answer", "[1]"),
    run: (store) => store.putPayload("x", "answer", "[2]"),
  }),
];

export const gettingPayloads = [
  one({
    what: "text",
    prepare: (store) => store.putPayload("x", "input", "[1]"),
    run: (store) => store.getPayload("x", "input"),
  }),
  one({ what: "none", run: (store) => store.getPayload("x", "input") }),
];
