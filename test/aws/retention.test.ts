import { expect, test } from "vitest";
import { readRetention } from "../../lib/aws/retention.js";

test("executions are kept for ever where nothing is said", () => {
  expect(readRetention({})).toBeUndefined();
  expect(readRetention({ HOLDFAST_RETENTION_SECONDS: "" })).toBeUndefined();
  expect(readRetention({ HOLDFAST_ARCHIVE_BUCKET: "archive" })).toBeUndefined();
});

test("the construct says for how many seconds, and where they are written down", () => {
  expect(readRetention({ HOLDFAST_RETENTION_SECONDS: "86400", HOLDFAST_ARCHIVE_BUCKET: "" })).toEqual({
    afterMs: 86_400_000,
  });
  const both = readRetention({ HOLDFAST_RETENTION_SECONDS: "60", HOLDFAST_ARCHIVE_BUCKET: "archive" });
  expect(both).toMatchObject({ afterMs: 60_000, archive: { putObject: expect.any(Function) } });
});

test.each(["0", "-5", "1.5", "30 days", "NaN"])("%s is no number of seconds", (seconds) => {
  expect(() => readRetention({ HOLDFAST_RETENTION_SECONDS: seconds })).toThrow(
    /HOLDFAST_RETENTION_SECONDS is ".*", which is no number of seconds/,
  );
});
