/** When a stage with a restricted execution window begins, by which clocks. */
import { describe, expect, it } from "vitest";
import { wallAt } from "../../lib/model/time-zone.js";
import { beginningIn, type ExecutionWindow, nextOpening, windowIssues } from "../../lib/pipeline/window.js";
import { seededRandom } from "../../lib/testing/random.js";

const at = (text: string): number => Date.parse(text);
const opening = (window: ExecutionWindow, now: string, zone?: string): string =>
  new Date(nextOpening(window, at(now), zone)).toISOString().replace(".000Z", "Z");

const hours = (from: string, to: string) => {
  const [startHour = 0, startMin = 0] = from.split(":").map(Number);
  const [endHour = 0, endMin = 0] = to.split(":").map(Number);
  return { startHour, startMin, endHour, endMin };
};
const between = (from: string, to: string, days?: number[]): ExecutionWindow => ({
  whitelist: [hours(from, to)],
  ...(days === undefined ? {} : { days }),
});

const [SUNDAY, MONDAY, FRIDAY, SATURDAY] = [1, 2, 6, 7];

describe("a window", () => {
  it("opens now while it is open, to the millisecond", () => {
    const office = between("09:00", "16:59");
    expect(opening(office, "2026-06-10T09:00:00Z")).toBe("2026-06-10T09:00:00Z");
    expect(opening(office, "2026-06-10T12:34:56.789Z")).toBe("2026-06-10T12:34:56.789Z");
    expect(opening(office, "2026-06-10T08:59:59.999Z")).toBe("2026-06-10T09:00:00Z");
  });

  it("is open in all of its last minute", () => {
    const office = between("09:00", "16:59");
    expect(opening(office, "2026-06-10T16:59:59.999Z")).toBe("2026-06-10T16:59:59.999Z");
    expect(opening(office, "2026-06-10T17:00:00Z")).toBe("2026-06-11T09:00:00Z");
    expect(opening(between("00:00", "23:59", [FRIDAY]), "2026-06-12T23:59:30Z")).toBe("2026-06-12T23:59:30Z");
  });

  it("opens on its days alone", () => {
    // A Wednesday.
    expect(opening(between("09:00", "17:00", [MONDAY]), "2026-06-10T10:00:00Z")).toBe("2026-06-15T09:00:00Z");
    expect(opening({ days: [SUNDAY] }, "2026-06-10T10:00:00Z")).toBe("2026-06-14T00:00:00Z");
    expect(opening({ days: [SATURDAY], whitelist: [] }, "2026-06-13T10:00:00Z")).toBe("2026-06-13T10:00:00Z");
    expect(opening(between("09:00", "09:00", [4]), "2026-06-10T09:01:00Z")).toBe("2026-06-17T09:00:00Z");
  });

  it("opens at the first of several hours", () => {
    const twice = { whitelist: [hours("20:00", "21:00"), hours("06:00", "07:00")] };
    expect(opening(twice, "2026-06-10T05:00:00Z")).toBe("2026-06-10T06:00:00Z");
    expect(opening(twice, "2026-06-10T07:01:00Z")).toBe("2026-06-10T20:00:00Z");
    expect(opening(twice, "2026-06-10T21:01:00Z")).toBe("2026-06-11T06:00:00Z");
  });

  it("goes across midnight; each part counts on the day on which it lies", () => {
    const night = between("22:00", "04:59");
    expect(opening(night, "2026-06-10T03:00:00Z")).toBe("2026-06-10T03:00:00Z");
    expect(opening(night, "2026-06-10T05:00:00Z")).toBe("2026-06-10T22:00:00Z");
    expect(opening(night, "2026-06-10T23:30:00Z")).toBe("2026-06-10T23:30:00Z");
    const friday = between("22:00", "04:59", [FRIDAY]);
    expect(opening(friday, "2026-06-10T12:00:00Z")).toBe("2026-06-12T00:00:00Z");
    expect(opening(friday, "2026-06-12T05:00:00Z")).toBe("2026-06-12T22:00:00Z");
    expect(opening(friday, "2026-06-13T00:00:00Z")).toBe("2026-06-19T00:00:00Z");
  });

  it("is told by the clocks of its own time zone, or of one that is given", () => {
    const office = { ...between("09:00", "17:00", [MONDAY]), timezone: "Asia/Tokyo" };
    expect(opening(office, "2026-06-10T10:00:00Z")).toBe("2026-06-15T00:00:00Z");
    expect(opening(office, "2026-06-10T10:00:00Z", "America/New_York")).toBe("2026-06-15T13:00:00Z");
  });

  it("keeps to the wall when clocks are set", () => {
    const office = { ...between("09:00", "17:00"), timezone: "Europe/Vienna" };
    expect(opening(office, "2026-03-28T20:00:00Z")).toBe("2026-03-29T07:00:00Z");
    expect(opening(office, "2026-10-24T20:00:00Z")).toBe("2026-10-25T08:00:00Z");
  });

  it("opens as clocks go forward over its beginning; where they go over all of it, the next time", () => {
    // 02:00 becomes 03:00, at 01:00 UTC.
    expect(opening({ ...between("02:30", "05:00"), timezone: "Europe/Vienna" }, "2026-03-29T00:00:00Z")).toBe(
      "2026-03-29T01:00:00Z",
    );
    const skipped = { ...between("02:10", "02:50"), timezone: "Europe/Vienna" };
    expect(opening(skipped, "2026-03-29T00:00:00Z")).toBe("2026-03-30T00:10:00Z");
    expect(opening({ ...skipped, days: [SUNDAY] }, "2026-03-28T12:00:00Z")).toBe("2026-04-05T00:10:00Z");
  });

  it("opens twice where clocks are set back, and stays open where both times are in it", () => {
    // 03:00 becomes 02:00, at 01:00 UTC.
    const part = { ...between("02:00", "02:29"), timezone: "Europe/Vienna" };
    expect(opening(part, "2026-10-25T00:15:00Z")).toBe("2026-10-25T00:15:00Z");
    expect(opening(part, "2026-10-25T00:30:00Z")).toBe("2026-10-25T01:00:00Z");
    expect(opening(part, "2026-10-25T01:30:00Z")).toBe("2026-10-26T01:00:00Z");
    const around = { ...between("01:30", "02:29"), timezone: "Europe/Vienna" };
    expect(opening(around, "2026-10-25T00:45:00Z")).toBe("2026-10-25T01:00:00Z");
  });

  it("opens where a zone leaves out a whole day, and where clocks are set by half an hour", () => {
    // Samoa had no 30 December 2011, a Friday.
    expect(opening({ days: [FRIDAY], timezone: "Pacific/Apia" }, "2011-12-30T08:00:00Z")).toBe(
      "2012-01-05T10:00:00Z",
    );
    // 02:00 becomes 01:30 on Lord Howe Island, at 15:00 UTC.
    expect(
      opening({ ...between("01:40", "01:45"), timezone: "Australia/Lord_Howe" }, "2026-04-04T14:50:00Z"),
    ).toBe("2026-04-04T15:10:00Z");
  });

  it("opens at the first minute that a search through all minutes finds", () => {
    const random = seededRandom(7);
    const below = (most: number): number => Math.floor(random() * most);
    const zones = ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];
    // Around the days on which clocks are set.
    const days = ["2026-03-08", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-11-01"];
    for (let round = 0; round < 80; round += 1) {
      const timezone = zones[below(zones.length)] ?? "UTC";
      const window: ExecutionWindow = {
        timezone,
        days: Array.from({ length: below(3) }, () => 1 + below(7)),
        whitelist: Array.from({ length: 1 + below(2) }, () => ({
          startHour: below(24),
          startMin: below(60),
          endHour: below(24),
          endMin: below(60),
        })),
      };
      const now = at(`${days[below(days.length)]}T00:00:00Z`) + below(2_880) * 60_000;
      let expected = now;
      while (!shows(window, new Date(wallAt(timezone, expected)))) expected += 60_000;
      expect(
        new Date(nextOpening(window, now)).toISOString(),
        JSON.stringify({ window, now: new Date(now).toISOString() }),
      ).toBe(new Date(expected).toISOString());
    }
  });

  it("that never opens is refused instead of searched for ever", () => {
    expect(() => nextOpening({ days: [9] }, 0)).toThrow(/never opens/);
  });
});

/** Said anew, and not as the window says it. */
function shows({ days = [], whitelist = [] }: ExecutionWindow, wall: Date): boolean {
  const text = wall.toISOString().slice(11, 16);
  const clock = (hour: number, minute: number): string =>
    `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  const isDay = days.length === 0 || days.includes(wall.getUTCDay() + 1);
  return (
    isDay &&
    whitelist.some((one) => {
      const [start, end] = [clock(one.startHour, one.startMin), clock(one.endHour, one.endMin)];
      return start <= end ? text >= start && text <= end : text >= start || text <= end;
    })
  );
}

describe("a jitter", () => {
  const jitter = { enabled: true, minDelay: 60, maxDelay: 600, skipManual: true };
  const office = { ...between("09:00", "16:59"), jitter };
  const begins = (window: ExecutionWindow, now: string, chance: number, isManual = false): string =>
    new Date(beginningIn(window, at(now), chance, isManual)).toISOString();

  it("adds whole seconds from the least to the most to the opening, and to what is open", () => {
    expect(begins(office, "2026-06-10T08:00:00Z", 0)).toBe("2026-06-10T09:01:00.000Z");
    expect(begins(office, "2026-06-10T08:00:00Z", 0.5)).toBe("2026-06-10T09:05:30.000Z");
    expect(begins(office, "2026-06-10T08:00:00Z", 0.999_999)).toBe("2026-06-10T09:10:00.000Z");
    expect(begins(office, "2026-06-10T08:00:00Z", 1)).toBe("2026-06-10T09:10:00.000Z");
    expect(begins(office, "2026-06-10T10:00:00Z", 0)).toBe("2026-06-10T10:01:00.000Z");
  });

  it("adds nothing where it is switched off, or where a person started the pipeline and it says so", () => {
    expect(begins(office, "2026-06-10T08:00:00Z", 0.5, true)).toBe("2026-06-10T09:00:00.000Z");
    const always = { ...office, jitter: { ...jitter, skipManual: false } };
    expect(begins(always, "2026-06-10T08:00:00Z", 0, true)).toBe("2026-06-10T09:01:00.000Z");
    const off = { ...office, jitter: { ...jitter, enabled: false } };
    expect(begins(off, "2026-06-10T08:00:00Z", 0.5)).toBe("2026-06-10T09:00:00.000Z");
  });

  it("never leads out of the window", () => {
    expect(begins(office, "2026-06-10T16:59:30Z", 0)).toBe("2026-06-11T09:00:00.000Z");
  });
});

describe("a window's numbers and names", () => {
  it("are all judged, each by its place", () => {
    expect(
      windowIssues({
        days: [0, 3, 8],
        whitelist: [{ startHour: 24, startMin: 60, endHour: -1, endMin: 1.5 }],
        jitter: { enabled: true, minDelay: 5, maxDelay: 1, skipManual: false },
        timezone: "Mars/Olympus",
      }).map(({ path, message }) => `${path}: ${message}`),
    ).toEqual([
      "days[0]: expected a whole number from 1 to 7, found 0",
      "days[2]: expected a whole number from 1 to 7, found 8",
      "whitelist[0].startHour: expected a whole number from 0 to 23, found 24",
      "whitelist[0].startMin: expected a whole number from 0 to 59, found 60",
      "whitelist[0].endHour: expected a whole number from 0 to 23, found -1",
      "whitelist[0].endMin: expected a whole number from 0 to 59, found 1.5",
      "jitter: its minDelay 5 is more than its maxDelay 1",
      'timezone: expected an IANA name such as "Europe/Vienna" or "UTC", found "Mars/Olympus"',
    ]);
  });

  it("must restrict something, and not in too many ways", () => {
    expect(windowIssues({ days: [], whitelist: [] })).toEqual([
      { path: "", message: "expected days, a whitelist of hours, or both, found neither" },
    ]);
    const many = Array.from({ length: 101 }, () => hours("01:00", "02:00"));
    expect(windowIssues({ whitelist: many })).toEqual([
      { path: "whitelist", message: "expected at most 100 entries, found 101" },
    ]);
    expect(windowIssues(between("22:00", "04:00", [1, 7]))).toEqual([]);
  });
});
