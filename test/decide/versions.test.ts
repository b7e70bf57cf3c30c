import { expect, test } from "vitest";
import { needless } from "../../lib/decide/versions.js";

const HOUR = 3_600_000;
const NOW = 100 * HOUR;
/** Published at those hours, numbered from 1. */
const published = (...hours: number[]) =>
  hours.map((hour, at) => ({ code: `worker:${at + 1}`, publishedAt: hour * HOUR }));
const codes = (live: string, needed: string[], ...hours: number[]) =>
  needless(published(...hours), live, new Set(needed), NOW).map(({ code }) => code);

test("versions before the live one that nobody needs are needless", () => {
  expect(codes("worker:3", [], 1, 2, 3)).toEqual(["worker:1", "worker:2"]);
  expect(codes("worker:3", ["worker:1"], 1, 2, 3)).toEqual(["worker:2"]);
});

test("the live one, and those after it, stay", () => {
  expect(codes("worker:1", [], 1, 2, 3)).toEqual([]);
  expect(codes("worker:2", [], 1, 2, 3)).toEqual(["worker:1"]);
});

test("one that was replaced within the last hour stays: a turn of it may be on its way", () => {
  expect(codes("worker:3", [], 1, 2, 99.5)).toEqual(["worker:1"]);
  expect(codes("worker:3", [], 1, 2, 99)).toEqual(["worker:1", "worker:2"]);
});

test("nothing is needless where the live one is not known among them", () => {
  expect(codes("other:9", [], 1, 2, 3)).toEqual([]);
});
