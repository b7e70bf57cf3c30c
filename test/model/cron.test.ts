import { describe, expect, test } from "vitest";
import { nextCron, parseCron } from "../../lib/model/cron.js";
import { nextOf, parseRecurrence, whyNoRecurrence } from "../../lib/model/schedule-expression.js";
import { instantOf, isTimeZone, wallAt } from "../../lib/model/time-zone.js";

/** The next times after an instant, in UTC to the minute. */
function next(text: string, after: string, count = 1, zone = "UTC"): string[] {
  const fields = parseCron(text);
  if (typeof fields === "string") throw new Error(fields);
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count; ) {
    const instant = nextCron(fields, zone, at);
    if (instant === undefined) return [...found, "never"];
    found.push(new Date(instant).toISOString().slice(0, 16));
    at = instant;
  }
  return found;
}

describe("cron, in UTC", () => {
  // 2026 begins on a Thursday; its February on a Sunday.
  test.each([
    ["* * * * ? *", ["2026-01-01T00:01", "2026-01-01T00:02"]],
    ["0/15 * * * ? *", ["2026-01-01T00:15", "2026-01-01T00:30"]],
    ["1/10 * * * ? *", ["2026-01-01T00:01", "2026-01-01T00:11", "2026-01-01T00:21"]],
    ["*/30 * * * ? *", ["2026-01-01T00:30", "2026-01-01T01:00"]],
    ["0 10-14/2 * * ? *", ["2026-01-01T10:00", "2026-01-01T12:00", "2026-01-01T14:00", "2026-01-02T10:00"]],
    ["30 8 * * ? *", ["2026-01-01T08:30", "2026-01-02T08:30"]],
    ["0 9 ? * MON-FRI *", ["2026-01-01T09:00", "2026-01-02T09:00", "2026-01-05T09:00"]],
    ["0 9 ? * 1 *", ["2026-01-04T09:00", "2026-01-11T09:00"]],
    ["0 9 ? * sat,sun *", ["2026-01-03T09:00", "2026-01-04T09:00", "2026-01-10T09:00"]],
    ["0 18 1,15 JAN,FEB,MAR ? *", ["2026-01-01T18:00", "2026-01-15T18:00", "2026-02-01T18:00"]],
    ["0 0 L * ? *", ["2026-01-31T00:00", "2026-02-28T00:00", "2026-03-31T00:00"]],
    ["0 0 1,L * ? *", ["2026-01-31T00:00", "2026-02-01T00:00", "2026-02-28T00:00"]],
    // 3 January is a Saturday, 3 May a Sunday.
    ["0 0 3W 1-3 ? *", ["2026-01-02T00:00", "2026-02-03T00:00", "2026-03-03T00:00", "2027-01-04T00:00"]],
    ["0 0 3W MAY ? *", ["2026-05-04T00:00"]],
    // 1 February is a Sunday, 1 August a Saturday: never into another month.
    ["0 0 1W FEB,AUG ? *", ["2026-02-02T00:00", "2026-08-03T00:00"]],
    // 31 January is a Saturday, 31 May a Sunday.
    ["0 0 31W JAN,MAY ? *", ["2026-01-30T00:00", "2026-05-29T00:00"]],
    ["0 0 30W FEB,MAR ? *", ["2026-03-30T00:00", "2027-03-30T00:00"]],
    ["0 0 ? * L *", ["2026-01-03T00:00", "2026-01-10T00:00"]],
    ["15 10 ? * 6L 2026-2027", ["2026-01-30T10:15", "2026-02-27T10:15", "2026-03-27T10:15"]],
    ["0 0 ? * FRIL *", ["2026-01-30T00:00", "2026-02-27T00:00"]],
    ["0 0 ? * 3#2 *", ["2026-01-13T00:00", "2026-02-10T00:00"]],
    ["0 0 ? * THU#1 *", ["2026-02-05T00:00", "2026-03-05T00:00"]],
    ["0 0 ? * 1#5 *", ["2026-03-29T00:00", "2026-05-31T00:00"]],
    ["0 0 29 2 ? *", ["2028-02-29T00:00", "2032-02-29T00:00"]],
    ["0 0 ? FEB 1#5 *", ["2032-02-29T00:00", "2060-02-29T00:00"]],
    ["0 12 * * ?", ["2026-01-01T12:00", "2026-01-02T12:00"]],
    ["0 12 1 1 ? 2030", ["2030-01-01T12:00", "never"]],
  ])("%s", (text, expected) => {
    expect(next(text, "2026-01-01T00:00:00Z", expected.length)).toEqual(expected);
  });

  test.each([
    ["", "has 0"],
    ["* * *", "has 3"],
    ["0 9 * * ? * *", "has 7"],
    ["0 9 * * * *", "exactly one"],
    ["0 9 ? * ? *", "exactly one"],
    ["60 9 * * ? *", 'minutes field "60"'],
    ["0 24 * * ? *", "hours"],
    ["0 9 0 * ? *", "day-of-month"],
    ["0 9 32 * ? *", "day-of-month"],
    ["0 9 32W * ? *", "day-of-month"],
    ["0 9 W * ? *", "day-of-month"],
    ["0 9 ? * 8 *", "day-of-week"],
    ["0 9 ? * 3#6 *", "day-of-week"],
    ["0 9 ? * #2 *", "day-of-week"],
    ["0 9 ? * 3#1,6#3 *", "one day only"],
    ["0 9 5#2 * ? *", "day-of-month"],
    ["0 9 ? * 5W *", "day-of-week"],
    ["0 9 * 13 ? *", "month"],
    ["0 9 * JANUARY ? *", "month"],
    ["0 9 * * ? 1969", "year"],
    ["0 9 * * ? 2200", "year"],
    ["5-1 9 * * ? *", "minutes"],
    ["1-5-9 9 * * ? *", "minutes"],
    ["0/0 9 * * ? *", "minutes"],
    ["L 9 * * ? *", "minutes"],
    [", 9 * * ? *", "minutes"],
  ])("%s is refused", (text, why) => {
    expect(parseCron(text)).toContain(why);
  });
});

describe("cron, where clocks are set", () => {
  test("a time that clocks skip is skipped, and comes the day after", () => {
    // Los Angeles, 8 March 2026: 01:59 PST is followed by 03:00 PDT.
    expect(next("30 2 * * ? *", "2026-03-07T00:00:00Z", 3, "America/Los_Angeles")).toEqual([
      "2026-03-07T10:30",
      "2026-03-09T09:30",
      "2026-03-10T09:30",
    ]);
  });

  test("a time that clocks show twice counts once, before they are set back", () => {
    // Los Angeles, 1 November 2026: 01:59 PDT is followed by 01:00 PST.
    expect(next("30 1 * * ? *", "2026-10-31T00:00:00Z", 3, "America/Los_Angeles")).toEqual([
      "2026-10-31T08:30",
      "2026-11-01T08:30",
      "2026-11-02T09:30",
    ]);
  });

  test("the wall decides on which side of midnight a day begins", () => {
    expect(next("0 0 1 * ? *", "2026-06-15T00:00:00Z", 1, "Pacific/Kiritimati")).toEqual([
      "2026-06-30T10:00",
    ]);
    expect(next("0 0 1 * ? *", "2026-06-15T00:00:00Z", 1, "Pacific/Pago_Pago")).toEqual(["2026-07-01T11:00"]);
    expect(next("0 9 ? * MON *", "2026-06-15T00:00:00Z", 1, "Europe/Vienna")).toEqual(["2026-06-15T07:00"]);
    expect(next("0 9 * * ? *", "2026-06-15T00:00:00Z", 1, "Asia/Kathmandu")).toEqual(["2026-06-15T03:15"]);
  });

  test("each hour of the wall comes once in a day of 23 hours and in one of 25", () => {
    const spring = next("0 * * * ? *", "2026-03-28T22:59:00Z", 24, "Europe/Vienna");
    expect(spring.slice(0, 4)).toEqual([
      "2026-03-28T23:00",
      "2026-03-29T00:00",
      "2026-03-29T01:00",
      "2026-03-29T02:00",
    ]);
    expect(spring[23]).toBe("2026-03-29T22:00");
    // 02:00 of the wall is 00:00 in UTC; its second showing, at 01:00, is none.
    expect(next("0 * * * ? *", "2026-10-24T22:59:00Z", 4, "Europe/Vienna")).toEqual([
      "2026-10-24T23:00",
      "2026-10-25T00:00",
      "2026-10-25T02:00",
      "2026-10-25T03:00",
    ]);
  });

  test("after a time's second showing comes the next day's, and not the same again", () => {
    // Half past two in Vienna, the second time.
    expect(next("30 2 * * ? *", "2026-10-25T01:10:00Z", 1, "Europe/Vienna")).toEqual(["2026-10-26T01:30"]);
  });

  test("a day that a zone left out has no times", () => {
    // Samoa went from 29 to 31 December 2011.
    expect(next("0 12 30 12 ? 2011-2012", "2011-12-01T00:00:00Z", 1, "Pacific/Apia")).toEqual([
      "2012-12-29T22:00",
    ]);
  });
});

describe("time zones", () => {
  test.each([
    ...["UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Kolkata", "Europe/Kyiv"],
    ...[
      "GMT",
      "EST5EDT",
      "US/Pacific",
      "America/Port-au-Prince",
      "Africa/Dar_es_Salaam",
      "NZ-CHAT",
      "Etc/UTC",
    ],
  ])("%s is one", (name) => {
    expect(isTimeZone(name)).toBe(true);
  });
  // Scheduler knows names only as they are written.
  test.each([
    ...[
      "utc",
      "europe/vienna",
      "Europe/vienna",
      "EUROPE/VIENNA",
      "asia/kolkata",
      "Asia/kolkata",
      "ASIA/Kolkata",
    ],
    ...["gmt", "Utc", "us/Pacific", "etc/UTC"],
  ])("%s is one in another spelling, and refused", (name) => {
    expect(isTimeZone(name)).toBe(false);
    expect(whyNoRecurrence("rate(1 day)", name)).toContain("as it is spelled");
  });
  test("every name that the runtime lists is one", () => {
    for (const name of Intl.supportedValuesOf("timeZone"))
      expect([name, isTimeZone(name)]).toEqual([name, true]);
  });
  test.each(["", "Europe/Wien", "+02:00", "Mars/Olympus", "x".repeat(51), 5, undefined, null])(
    "%s is none",
    (name) => {
      expect(isTimeZone(name)).toBe(false);
    },
  );
  test("wall and instant are each other's reverse, but where clocks are set", () => {
    for (const zone of ["Europe/Vienna", "Australia/Lord_Howe", "America/St_Johns", "Asia/Tokyo"]) {
      for (let at = Date.parse("2026-01-01T00:20:00Z"); at < Date.parse("2027-01-01"); at += 29 * 3_600_000) {
        const back = instantOf(zone, wallAt(zone, at));
        expect([at, at - 3_600_000, at - 1_800_000]).toContain(back);
      }
    }
  });
});

describe("a recurrence", () => {
  const ANCHOR = Date.parse("2026-01-01T00:00:00Z");
  const rate = (text: string) => {
    const found = parseRecurrence(text);
    if (typeof found === "string") throw new Error(found);
    return found;
  };

  test("a rate comes round at its anchor, and every so often after it", () => {
    const every = rate("rate(5 minutes)");
    expect(nextOf(every, "UTC", ANCHOR, ANCHOR - 1)).toBe(ANCHOR);
    expect(nextOf(every, "UTC", ANCHOR, ANCHOR - 86_400_000)).toBe(ANCHOR);
    expect(nextOf(every, "UTC", ANCHOR, ANCHOR)).toBe(ANCHOR + 300_000);
    expect(nextOf(every, "UTC", ANCHOR, ANCHOR + 299_999)).toBe(ANCHOR + 300_000);
    expect(nextOf(rate("rate(1 day)"), "Europe/Vienna", ANCHOR, ANCHOR)).toBe(ANCHOR + 86_400_000);
  });

  test.each([
    ["rate(1 minute)", undefined],
    ["cron(0 9 ? * MON *)", "Europe/Vienna"],
    ["rate(30 days)", "UTC"],
  ])("%s in %s means something", (expression, zone) => {
    expect(whyNoRecurrence(expression, zone)).toBeUndefined();
  });

  test.each([
    [undefined, "UTC", "undefined, and no text"],
    ["every day", "UTC", "neither rate"],
    ["at(2030-01-01T00:00:00)", "UTC", "neither rate"],
    ["rate(0 minutes)", "UTC", "whole number from 1"],
    ["rate(5 minute)", "UTC", "write rate(5 minutes)"],
    ["rate(1 minutes)", "UTC", "write rate(1 minute)"],
    ["rate(5 weeks)", "UTC", "minutes, hours or days"],
    ["cron(0 9 * * ? *)", "Europe/Wien", '"Europe/Wien" is no time zone'],
    ["cron(0 0 30 2 ? *)", "UTC", "no minute of any year"],
    ["cron(0 0 31 4,6,9,11 ? *)", "UTC", "no minute of any year"],
  ])("%s in %s means nothing", (expression, zone, why) => {
    expect(whyNoRecurrence(expression, zone)).toContain(why);
  });

  test("that is over is one no more, from then on", () => {
    const [once, at] = ["cron(0 9 1 1 ? 2030)", Date.parse("2030-01-01T08:00:00Z")];
    expect(whyNoRecurrence(once, "Europe/Vienna", at)).toBeUndefined();
    expect(whyNoRecurrence(once, "Europe/Vienna", at + 1)).toBe(
      "it names no minute from 2030-01-01T08:00:00.001Z on",
    );
    expect(whyNoRecurrence("cron(0 9 1 1 ? 2020)", "UTC", at)).toContain("no minute from");
    expect(whyNoRecurrence("cron(0 9 29 2 ? *)", "UTC", at)).toBeUndefined();
    expect(whyNoRecurrence("rate(1 day)", "UTC", at)).toBeUndefined();
  });
});
