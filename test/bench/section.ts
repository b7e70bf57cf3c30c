/** What a part of the bench is: it measures, and says what it has measured as tables for people. */
import type { Cell } from "../setup/text-table.js";
import type { Runtime } from "./runtime.js";

export interface Table {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Text, one paragraph or list entry each, and tables. */
export type Part = string | Table;

export interface Options {
  /** A tenth of the work or less, to see that everything runs. Its figures are no figures. */
  readonly quick: boolean;
  /** Measures others beside it, which are installed into a temporary folder first. */
  readonly peers: boolean;
  /** For what is measured in a process of its own. */
  readonly runtime: () => Promise<Runtime>;
  /** Says what is going on, on stderr. */
  readonly tell: (line: string) => void;
}

export interface Section<Figures> {
  /** Its key in the JSON, and its mark in docs/performance.md. */
  readonly key: string;
  readonly title: string;
  /** What is measured, and what is not. */
  readonly says: string;
  measure(options: Options): Promise<Figures>;
  report(figures: Figures): readonly Part[];
}
