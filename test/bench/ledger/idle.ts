/** What a deployment costs in which nothing happens. */
import type { Section } from "../section.js";

export interface IdleLine {
  readonly what: string;
  readonly arithmetic: string;
  /** For 30 days. */
  readonly dollars: number;
  /** There only where it is asked for, and not in the sum. */
  readonly optional?: true;
}

export const idle: Section<readonly IdleLine[]> = {
  key: "idle",
  title: "What an idle deployment costs for 30 days",
  says: "The default deployment of the example app, whose workflows wait for events and are started by some: what its template has, and what a run of the audit asks for.",
  async measure({ tell }) {
    tell("synthesizing the template");
    // The CDK is slow to load, and in the way of what else is measured.
    const { idleLines } = await import("./idle-lines.js");
    return idleLines();
  },
  report: (lines) => [
    {
      titles: ["What", "Arithmetic", "Dollars"],
      rows: [
        ...lines.map(({ what, arithmetic, dollars, optional }) => [
          what,
          arithmetic,
          `${dollars.toFixed(2)}${optional ? ", if asked for" : ""}`,
        ]),
        ["All that is not asked for", "", sumOf(lines).toFixed(2)],
      ],
    },
    "An app that declares no events has one queue instead of three, and with a schedule two.",
  ],
};

export const sumOf = (lines: readonly IdleLine[]): number =>
  lines.reduce((sum, { dollars, optional }) => sum + (optional ? 0 : dollars), 0);
