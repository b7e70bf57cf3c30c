/** `ctx.map`: its stopping rules, and what it gives. */

export interface MapOptions {
  /** How many items are under way at once. Default: all. */
  readonly concurrency?: number;
  /** How many items may fail, as a number or as a percentage of all (0 to 100), before the rest is abandoned. Default: none. */
  readonly tolerate?: { readonly failures: number } | { readonly percent: number };
  /** Enough: once so many have succeeded, the rest is abandoned. Default: all. */
  readonly minSuccessful?: number;
}

/** What became of one item. `abandoned` was under way when the map stopped, `skipped` had not begun. */
export type MapItem<Result> =
  | { readonly status: "completed"; readonly value: Result }
  | { readonly status: "failed"; readonly error: unknown }
  | { readonly status: "abandoned" }
  | { readonly status: "skipped" };

/** What `ctx.map` gives. */
export interface MapResult<Result> {
  /** One per item, in their order. */
  readonly items: readonly MapItem<Result>[];
  /** The results of those that completed, in the order of the items. */
  readonly values: readonly Result[];
  /** The errors of those that failed, in the order of the items. */
  readonly errors: readonly unknown[];
}
