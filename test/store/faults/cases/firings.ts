/** What became of schedules' firings. */
import type { FiringRecord } from "../../../../lib/store/ports.js";
import { T0 } from "../../builders.js";
import { one } from "../case.js";

const record = (revision: number, executionId: string): FiringRecord => ({
  schedule: "nightly",
  decidedFor: T0 + revision,
  started: { scheduledFor: T0 + revision, workflow: "nightly", executionId, at: T0 },
  skipped: 0,
  revision,
});

export const reading = [
  one({
    what: "one that is there",
    prepare: (store) => store.saveFirings(record(1, "a")),
    run: (store) => store.readFirings("nightly"),
  }),
  one({ what: "none", run: (store) => store.readFirings("nightly") }),
];

export const saving = [
  one({ what: "the first", run: (store) => store.saveFirings(record(1, "a")) }),
  one({
    what: "the next",
    prepare: (store) => store.saveFirings(record(1, "a")),
    run: (store) => store.saveFirings(record(2, "b")),
  }),
  one({
    what: "one behind another's",
    async prepare(store) {
      await store.saveFirings(record(1, "a"));
      await store.saveFirings(record(2, "b"));
    },
    run: (store) => store.saveFirings(record(2, "c")),
  }),
];
