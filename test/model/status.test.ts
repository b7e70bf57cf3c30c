import { describe, expect, it } from "vitest";
import {
  acceptsMessages,
  isClosed,
  isOpen,
  mayMove,
  STATUSES,
  sourcesOf,
  TRANSITIONS,
} from "../../lib/model/status.js";

describe("the statuses of an execution", () => {
  it("are each open, closed or stalled, and never two of them", () => {
    for (const status of STATUSES) {
      const kinds = [isOpen(status), isClosed(status), status === "stalled"].filter(Boolean);
      expect(kinds, status).toHaveLength(1);
    }
  });

  it("all have a row in the table of moves, which leads to known statuses only, each named once", () => {
    expect(Object.keys(TRANSITIONS).sort()).toEqual([...STATUSES].sort());
    for (const targets of Object.values(TRANSITIONS)) {
      expect(targets.filter((to) => !STATUSES.includes(to))).toEqual([]);
      expect(new Set(targets).size).toBe(targets.length);
    }
  });

  it("may all stay what they are", () => {
    for (const status of STATUSES) expect(mayMove(status, status), status).toBe(true);
  });

  it.each(["terminated", "continued"] as const)("have no way out of %s", (status) => {
    expect(STATUSES.filter((to) => mayMove(status, to))).toEqual([status]);
  });

  it.each(["completed", "failed", "cancelled"] as const)(
    "let one that %s go on, and move nowhere else",
    (status) => {
      expect(STATUSES.filter((to) => mayMove(status, to)).sort()).toEqual([status, "running"].sort());
    },
  );

  it("can all be reached from a start, and all lead to an end", () => {
    const reachable = (from: (typeof STATUSES)[number]): Set<string> => {
      const found = new Set([from]);
      for (const status of found) for (const to of TRANSITIONS[status]) found.add(to);
      return found;
    };
    expect([...reachable("running")].sort()).toEqual([...STATUSES].sort());
    for (const status of STATUSES)
      expect([...reachable(status)].some((to) => isClosed(to as never))).toBe(true);
  });

  it("never lead from undoing back to doing", () => {
    expect(STATUSES.filter((to) => !mayMove("compensating", to)).sort()).toEqual(
      ["running", "suspended"].sort(),
    );
  });

  it("leave a stalled execution where a person puts it, and never end it well or badly by themselves", () => {
    expect(mayMove("stalled", "running")).toBe(true);
    expect(mayMove("stalled", "terminated")).toBe(true);
    expect(mayMove("stalled", "completed")).toBe(false);
    expect(mayMove("stalled", "failed")).toBe(false);
  });

  it("let every open one stall and be terminated", () => {
    for (const status of STATUSES.filter(isOpen)) {
      expect(mayMove(status, "stalled"), status).toBe(true);
      expect(mayMove(status, "terminated"), status).toBe(true);
    }
  });

  it("take messages until they are closed, stalled ones too", () => {
    for (const status of STATUSES) expect(acceptsMessages(status), status).toBe(!isClosed(status));
  });

  it("are reached from exactly those that may move there", () => {
    for (const to of STATUSES) {
      for (const from of STATUSES)
        expect(sourcesOf(to).includes(from), `${from} → ${to}`).toBe(mayMove(from, to));
    }
  });
});
