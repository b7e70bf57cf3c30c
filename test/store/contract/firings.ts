import { expect, test } from "vitest";
import type { FiringRecord, Store } from "../../../lib/store/ports.js";
import { T0 } from "../builders.js";

export function firingContract(store: () => Store): void {
  const record = (schedule: string, revision: number, fields: Partial<FiringRecord> = {}): FiringRecord => ({
    schedule,
    decidedFor: T0 + revision,
    started: {
      scheduledFor: T0 + revision,
      workflow: "nightly",
      executionId: `${schedule}@${revision}`,
      at: T0,
    },
    skipped: 0,
    revision,
    ...fields,
  });

  test("a schedule's record comes back as it was saved, and no other schedule's", async () => {
    expect(await store().readFirings("nightly")).toBeUndefined();
    expect(await store().saveFirings(record("nightly", 1))).toEqual({ saved: true });
    const eu = record("nightly@eu", 1, { skipped: 7, latest: "nightly@eu@1~2" });
    expect(await store().saveFirings(eu)).toEqual({ saved: true });
    expect(await store().readFirings("nightly")).toEqual(record("nightly", 1));
    expect(await store().readFirings("nightly@eu")).toEqual(eu);
    expect(await store().readFirings("nightly#firings")).toBeUndefined();
  });

  test("is saved behind the revision that was read, and by one of two", async () => {
    await store().saveFirings(record("raced", 1));
    expect(await store().saveFirings(record("raced", 2))).toEqual({ saved: true });
    const late = record("raced", 2, { decidedFor: T0 + 99 });
    expect(await store().saveFirings(late)).toEqual({ saved: false });
    expect(await store().saveFirings(record("raced", 1, { skipped: 3 }))).toEqual({ saved: false });
    expect(await store().saveFirings(record("raced", 4))).toEqual({ saved: false });
    expect(await store().saveFirings(record("never", 3))).toEqual({ saved: false });
    expect(await store().readFirings("raced")).toEqual(record("raced", 2));
  });

  test("knows its own save when the reply was lost, and takes nobody else's for it", async () => {
    await store().saveFirings(record("lost", 1));
    expect(await store().saveFirings(record("lost", 1))).toEqual({ saved: true });
    const { started } = record("lost", 1);
    const others = { started: { ...started, at: T0 + 1 } };
    expect(await store().saveFirings(record("lost", 1, others))).toEqual({ saved: false });
    expect(await store().saveFirings(record("lost", 1, { skipped: 1 }))).toEqual({ saved: false });
    expect(await store().saveFirings(record("lost", 1, { latest: "lost@1~2" }))).toEqual({ saved: false });
  });
}
