import { describe, expect, it } from "vitest";
import {
  HEAD_VALUE_BYTES,
  HISTORY_VALUE_BYTES,
  ITEM_VALUE_BYTES,
  mayShrink,
  savesUnits,
} from "../../lib/decide/payload.js";

describe("compression", () => {
  it.each([
    [0, false],
    [874, false],
    [875, true],
    [100_000, true],
  ])("of %i bytes could save a unit: %s", (bytes, expected) => {
    expect(mayShrink(bytes)).toBe(expected);
  });

  it.each([
    { bytes: 875, compressed: 874, saves: true },
    { bytes: 1_898, compressed: 875, saves: false },
    { bytes: 1_899, compressed: 1_898, saves: true },
    { bytes: 50_000, compressed: 49_900, saves: false },
    { bytes: 900, compressed: 1_900, saves: false },
  ])("of $bytes to $compressed bytes saves a unit: $saves", ({ bytes, compressed, saves }) => {
    expect(savesUnits(bytes, compressed)).toBe(saves);
  });
});

it("what a place takes fits into what holds it", () => {
  // A lease and a settlement rewrite the head at one unit.
  expect(HEAD_VALUE_BYTES).toBeLessThan(1_024 / 4);
  expect(HISTORY_VALUE_BYTES).toBeGreaterThan(HEAD_VALUE_BYTES);
  // Uncompressed, with an envelope and a tail, in an item of 400 KB.
  expect(3 * HISTORY_VALUE_BYTES).toBeLessThan(390 * 1_024);
  expect(ITEM_VALUE_BYTES).toBeLessThanOrEqual(350 * 1_024);
});
