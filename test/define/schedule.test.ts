import { app, type Firing, InvalidDefinitionError, workflow } from "holdfast";
import { describe, expect, it } from "vitest";

const handler = async () => {};
// biome-ignore lint/suspicious/noExplicitAny: the types refuse what these tests are about
const declare = (options: any) => workflow("nightly", options, handler);

describe("a workflow's schedule", () => {
  it("is an expression, in UTC, skipping, unless it says otherwise", () => {
    expect(declare({ schedule: "rate(1 hour)" }).schedules).toMatchObject([
      { name: "default", expression: "rate(1 hour)", timezone: "UTC", overlap: "skip" },
    ]);
    const schedule = [
      "rate(2 days)",
      { name: "noon", expression: "cron(0 12 * * ? *)", timezone: "Asia/Tokyo", overlap: "skip" },
    ];
    expect(declare({ schedule, timezone: "Europe/Vienna", overlap: "allow" }).schedules).toMatchObject([
      { name: "default", timezone: "Europe/Vienna", overlap: "allow" },
      { name: "noon", timezone: "Asia/Tokyo", overlap: "skip" },
    ]);
    expect(declare({})).not.toHaveProperty("schedules");
  });

  it("is in the manifest with what the infrastructure needs, and nothing for a workflow that has none", () => {
    const other = workflow("other", handler);
    expect(app({ workflows: [declare({ schedule: "rate(1 hour)" }), other] }).manifest().workflows).toEqual([
      {
        name: "nightly",
        startOn: [],
        schedules: [{ name: "default", expression: "rate(1 hour)", timezone: "UTC" }],
      },
      { name: "other", startOn: [] },
    ]);
  });

  it("gives the firing, or its input, which may be undefined or made of the firing", () => {
    const firing: Firing = { schedule: "default", scheduledAt: "2026-01-31T08:00:00.000Z" };
    const given = (more: object) =>
      declare({ schedule: { expression: "rate(1 day)", ...more } }).schedules?.[0]?.inputFor(firing);
    expect(given({})).toEqual(firing);
    expect(given({ input: undefined })).toBeUndefined();
    expect(given({ input: { n: 1 } })).toEqual({ n: 1 });
    expect(given({ input: ({ scheduledAt }: Firing) => scheduledAt })).toBe(firing.scheduledAt);
  });

  it.each([
    [{ schedule: "0 9 * * *" }, /"0 9 \* \* \*": it is neither rate\(…\) nor cron\(…\)/],
    [{ schedule: "at(2030-01-01T00:00:00)" }, /neither rate/],
    [{ schedule: "cron(0 9 31 2 ? *)" }, /names no minute of any year/],
    [{ schedule: "rate(5 minute)" }, /write rate\(5 minutes\)/],
    [{ schedule: "rate(1 day)", timezone: "Vienna" }, /"Vienna" is no time zone/],
    [{ schedule: 5 }, /it is 5; expected/],
    [{ schedule: null }, /it is null; expected/],
    [{ schedule: [] }, /is empty/],
    [{ schedule: {} }, /no text/],
    [
      { schedule: ["rate(1 day)", "rate(2 days)"] },
      /Two schedules of workflow "nightly" are called "default"/,
    ],
    [{ schedule: { expression: "rate(1 day)", name: "a/b" } }, /its name is "a\/b"/],
    [{ schedule: { expression: "rate(1 day)", overlap: "queue" } }, /its overlap is "queue"/],
    [{ schedule: { expression: "rate(1 day)", timeZone: "UTC" } }, /it has timeZone; known are/],
    [{ overlap: "allow" }, /overlap of workflow "nightly" has no effect without a schedule/],
    [{ timezone: "UTC" }, /timezone of workflow "nightly" has no effect without a schedule/],
  ])("is refused: %j", (options, why) => {
    expect(() => declare(options)).toThrow(InvalidDefinitionError);
    expect(() => declare(options)).toThrow(why);
  });

  it("needs an input where the workflow takes something else than a firing: the types say so", () => {
    workflow("a", { schedule: "rate(1 day)" }, async (_, firing: Firing) => firing.scheduledAt);
    workflow("b", { schedule: "rate(1 day)" }, async () => 1);
    workflow(
      "c",
      { schedule: { expression: "rate(1 day)", input: { n: 1 } } },
      async (_, { n }: { n: number }) => n,
    );
    // @ts-expect-error It would be started with a firing, which has no n.
    workflow("d", { schedule: "rate(1 day)" }, async (_, { n }: { n: number }) => n);
    // @ts-expect-error The input has another type.
    workflow(
      "e",
      { schedule: { expression: "rate(1 day)", input: { n: "1" } } },
      async (_, { n }: { n: number }) => n,
    );
  });
});
