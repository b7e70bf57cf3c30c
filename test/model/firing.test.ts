import { MalformedFiringError } from "holdfast";
import { describe, expect, test } from "vitest";
import {
  firingBody,
  firingExecutionId,
  readFiring,
  readSchedule,
  saysFiring,
  scheduleKey,
} from "../../lib/model/firing.js";
import { checkExecutionId } from "../../lib/model/ids.js";

const DECLARED = { by: "workflow", workflow: "nightly", schedule: "default" } as const;
const PUT = {
  by: "client",
  workflow: "nightly",
  schedule: "t-7",
  overlap: "skip",
  input: { note: "<aws.scheduler.execution-id>" },
} as const;
const sent = (body: string, at = "2026-01-31T08:00:00Z"): unknown =>
  JSON.parse(body.replaceAll(/<aws\.scheduler\.[a-z-]+>/g, at));

describe("a firing's message", () => {
  test.each([DECLARED, PUT, { ...PUT, input: null }])(
    "comes back as it was given to the scheduler: %j",
    (schedule) => {
      const found = sent(firingBody(schedule));
      if (!saysFiring(found)) throw new Error("it does not say what it is");
      expect(readFiring(found)).toEqual({ ...schedule, scheduledAt: Date.parse("2026-01-31T08:00:00Z") });
      expect(readSchedule(found)).toEqual(schedule);
    },
  );

  test("is told from a bus event, and from anything else", () => {
    for (const other of [
      { source: "shop", detail: { holdfast: "firing" } },
      "firing",
      null,
      [1],
      { holdfast: "event" },
    ])
      expect(saysFiring(other)).toBe(false);
  });

  test.each([
    [{ scheduledAt: "<aws.scheduler.scheduled-time>" }, /"scheduledAt" is "<aws.scheduler.scheduled-time>"/],
    [{ scheduledAt: "2026-02-31" }, /no time such as/],
    [{ scheduledAt: "2026-13-01T00:00:00Z" }, /no time such as/],
    [{ scheduledAt: 5 }, /no time such as/],
    [{ workflow: "no spaces" }, /name of a workflow/],
    [{ schedule: "a/b" }, /"schedule" is "a\/b"/],
    [{ by: "nobody" }, /"by" is "nobody"/],
    [{ by: "client" }, /"overlap" is undefined/],
    [{ input: 1 }, /"by" is "workflow"/],
    [{ extra: 1 }, /unknown fields extra/],
  ])("is refused with %j", (fields, why) => {
    const found = { holdfast: "firing", ...DECLARED, scheduledAt: "2026-01-31T08:00:00Z", ...fields };
    expect(() => readFiring(found)).toThrow(MalformedFiringError);
    expect(() => readFiring(found)).toThrow(why);
  });
});

describe("the execution of a firing", () => {
  const at = Date.parse("2026-01-31T08:00:00Z");
  const idOf = (by: "workflow" | "client", workflow: string, schedule: string, when = at) =>
    firingExecutionId({ by, workflow, schedule }, when);

  test("has an id that tells when it was due, and no other firing's", () => {
    expect(idOf("workflow", "nightly", "default")).toBe("nightly@2026-01-31T08:00:00Z");
    expect(idOf("workflow", "a/b", "eu", at + 500)).toBe("a/b@eu@2026-01-31T08:00:00.500Z");
    expect(idOf("client", "nightly", "eu")).toBe("nightly+eu@2026-01-31T08:00:00Z");
    const ids = [];
    for (const workflow of ["a", "a/b", "a:b", "default"])
      for (const schedule of ["default", "a", "b", "x"])
        for (const by of ["workflow", "client"] as const) ids.push(idOf(by, workflow, schedule));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is of a schedule with a key that no other has, a client's whatever it starts", () => {
    expect(scheduleKey({ by: "workflow", workflow: "nightly", schedule: "default" })).toBe("nightly");
    expect(scheduleKey({ by: "workflow", workflow: "nightly", schedule: "eu" })).toBe("nightly@eu");
    for (const workflow of ["nightly", "hourly"])
      expect(scheduleKey({ by: "client", workflow, schedule: "eu" })).toBe("+eu");
  });

  test("has a hash for one where that would be too long", () => {
    const long = idOf("client", "w".repeat(128), "s".repeat(64));
    expect(checkExecutionId(long)).toMatch(/^firing-.{22}$/);
    expect(long).not.toBe(idOf("client", "w".repeat(128), "s".repeat(64), at + 1));
  });
});
