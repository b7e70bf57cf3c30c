/** Branches: races, maps and sagas. Their outcome is a function of their operations' outcomes, so nothing of their own is recorded. */
import type { Context, RaceResult } from "../../define/context.js";
import type { MapOptions, MapResult } from "../../define/map.js";
import { InvalidDefinitionError } from "../../model/errors.js";
import { storableError } from "../../model/storable.js";
import { Branch } from "../branch.js";
import { escapeName, Scope } from "../path.js";
import { mapRules } from "./map-rules.js";
import { type Item, MapRun } from "./map-run.js";
import { asking, goOnAfter, handled, type Site } from "./site.js";

type BranchCode = (context: Context) => unknown;

export function branching(site: Site): Pick<Context, "race" | "map" | "saga"> {
  const { branch } = site;
  return {
    race: <Branches extends Record<string, BranchCode>>(branches: Branches) =>
      asking<RaceResult<Branches>>(site, "race", () => {
        const entries = checkBranches(branches);
        const path = branch.scope.next("race", "");
        return race(
          site,
          entries.map(([name, code]) => ({
            name,
            code,
            branch: new Branch(new Scope(`${path}/${escapeName(name)}/`), branch.completed, branch),
          })),
        );
      }),

    map: <Given, Result>(
      items: readonly Given[],
      fn: (context: Context, item: Given, index: number) => Result | Promise<Result>,
      options: MapOptions = {},
    ) =>
      asking<MapResult<Result>>(site, "map", () => {
        if (!Array.isArray(items) || typeof fn !== "function") {
          throw new InvalidDefinitionError(
            `ctx.map was given ${Array.isArray(items) ? "no function" : "no array"}. Expected ctx.map(items, async (ctx, item, index) => …, options).`,
          );
        }
        const rules = mapRules(items.length, options);
        const path = branch.scope.next("map", "");
        const all = items.map(
          (item: Given, index): Item<Result> => ({
            code: (context) => fn(context, item, index),
            open: () => new Branch(new Scope(`${path}/${index}/`), branch.completed, branch),
          }),
        );
        return handled(new MapRun(site, all, rules).result);
      }),

    saga: (fn) =>
      asking(site, "saga", () => {
        if (typeof fn !== "function") {
          throw new InvalidDefinitionError(
            "ctx.saga was given no function. Expected ctx.saga(async (ctx) => …).",
          );
        }
        const scope = new Scope(`${branch.scope.next("saga", "")}/`);
        return saga(site, new Branch(scope, branch.completed.nested(), branch, "saga"), fn);
      }),
  };
}

interface Runner {
  readonly name: string;
  readonly code: BranchCode;
  readonly branch: Branch;
}

function race(site: Site, runners: readonly Runner[]): Promise<unknown> {
  const { requests, branch } = site;
  const result = new Promise((resolve, reject) => {
    let decided = false;
    const decide = (winner: Runner, finish: () => void): void => {
      winner.branch.end();
      // An outer race may have been decided before this one.
      if (decided || branch.over === "abandoned") return;
      decided = true;
      const losers = runners.filter((runner) => runner !== winner).map((runner) => runner.branch);
      goOnAfter(site, requests.abandon(losers), finish, reject);
    };
    for (const runner of runners) {
      requests.run(runner.branch, runner.code).then(
        (value) => decide(runner, () => resolve({ winner: runner.name, value })),
        (error: unknown) => decide(runner, () => reject(error)),
      );
    }
  });
  return handled(result);
}

function saga(site: Site, branch: Branch, code: BranchCode): Promise<unknown> {
  const { requests } = site;
  const result = new Promise((resolve, reject) => {
    requests.run(branch, code).then(
      (value) => {
        if (branch.over === "abandoned") return;
        branch.end();
        resolve(value);
      },
      (error: unknown) => {
        // Whoever abandoned it undoes it.
        if (branch.over === "abandoned") return;
        goOnAfter(site, requests.undoSaga(branch, storableError(error)), () => reject(error), reject);
      },
    );
  });
  return handled(result);
}

function checkBranches(branches: Record<string, BranchCode>): [string, BranchCode][] {
  const entries = Object.entries(branches ?? {});
  if (entries.length > 0 && entries.every(([, code]) => typeof code === "function")) return entries;
  throw new InvalidDefinitionError(
    "ctx.race was given no branches. Expected an object of functions: ctx.race({ paid: (ctx) => …, late: (ctx) => … }).",
  );
}
