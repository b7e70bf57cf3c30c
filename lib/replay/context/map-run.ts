/** One `ctx.map` under way. */
import type { Context } from "../../define/context.js";
import type { MapItem, MapResult } from "../../define/map.js";
import { MapFailedError } from "../../model/errors.js";
import type { Branch } from "../branch.js";
import type { MapRules } from "./map-rules.js";
import { goOnAfter, type Site } from "./site.js";

export interface Item<Result> {
  readonly code: (context: Context) => Result | Promise<Result>;
  readonly open: () => Branch;
}

export class MapRun<Result> {
  readonly result: Promise<MapResult<Result>>;
  readonly #site: Site;
  readonly #items: readonly Item<Result>[];
  readonly #rules: MapRules;
  readonly #ends: MapItem<Result>[];
  readonly #underWay = new Map<number, Branch>();
  #next = 0;
  #completed = 0;
  #failed = 0;
  #stopped = false;
  #resolve: (result: MapResult<Result>) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(site: Site, items: readonly Item<Result>[], rules: MapRules) {
    this.#site = site;
    this.#items = items;
    this.#rules = rules;
    this.#ends = items.map(() => ({ status: "skipped" }));
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (items.length === 0) this.#stop(() => this.#resolve(this.#gathered()));
    else this.#fill();
  }

  #fill(): void {
    while (
      !this.#stopped &&
      this.#next < this.#items.length &&
      this.#underWay.size < this.#rules.concurrency
    ) {
      this.#begin(this.#next++);
    }
  }

  #begin(index: number): void {
    const item = this.#items[index];
    if (item === undefined) return;
    const branch = item.open();
    this.#underWay.set(index, branch);
    this.#site.requests.run(branch, item.code).then(
      (value) => this.#end(index, branch, { status: "completed", value }),
      (error: unknown) => this.#end(index, branch, { status: "failed", error }),
    );
  }

  #end(index: number, branch: Branch, end: MapItem<Result>): void {
    branch.end();
    if (this.#stopped || this.#site.branch.over === "abandoned") return;
    this.#underWay.delete(index);
    this.#ends[index] = end;
    if (end.status === "completed") this.#completed += 1;
    else this.#failed += 1;
    if (end.status === "failed" && this.#interrupts(end.error))
      return this.#stop(() => this.#reject(end.error));
    const { tolerated, enough } = this.#rules;
    if (this.#failed > tolerated) this.#stop(() => this.#reject(this.#failure()));
    else if (this.#completed === enough || this.#completed + this.#failed === this.#items.length)
      this.#stop(() => this.#resolve(this.#gathered()));
    else this.#fill();
  }

  /** What is under way is abandoned; what it has to undo is undone first. */
  #stop(finish: () => void): void {
    this.#stopped = true;
    for (const index of this.#underWay.keys()) this.#ends[index] = { status: "abandoned" };
    const undoing = this.#site.requests.abandon([...this.#underWay.values()]);
    this.#underWay.clear();
    goOnAfter(this.#site, undoing, finish, this.#reject);
  }

  #interrupts(error: unknown): boolean {
    return error !== undefined && error === this.#site.requests.interruption;
  }

  #gathered(): MapResult<Result> {
    return {
      items: this.#ends,
      values: this.#ends.flatMap((end) => (end.status === "completed" ? [end.value] : [])),
      errors: this.#ends.flatMap((end) => (end.status === "failed" ? [end.error] : [])),
    };
  }

  #failure(): MapFailedError {
    const failures = this.#ends.flatMap((end, index) =>
      end.status === "failed" ? [{ index, error: end.error }] : [],
    );
    return new MapFailedError(this.#items.length, failures, this.#rules.rule);
  }
}
