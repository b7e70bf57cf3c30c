/** Branches: races, maps and sagas. Their outcome is a function of their operations' outcomes, so nothing of their own is recorded. */
import type { Context, RaceResult } from "../../define/context.js";
import type { MapOptions, MapResult } from "../../define/map.js";
import { InvalidDefinitionError } from "../../model/errors.js";
import { storableError } from "../../model/storable.js";
import { Branch } from "../branch.js";
import { escapeName, Scope } from "../path.js";
import { type Item, MapRun } from "./map-run.js";
import { mapRules } from "./map-rules.js";
import { asking, never, type Requests, type Site } from "./site.js";

type BranchCode = (context: Context) => unknown;

export function branching(site: Site): Pick<Context, "race" | "map" | "saga"> {
  const { requests, branch } = site;
  return {
    race: <Branches extends Record<string, BranchCode>>(branches: Branches) =>
      asking<RaceResult<Branches>>(site, "race", () => {
        const entries = checkBranches(branches);
        const path = branch.scope.next("race", "");
        return race(
          requests,
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
        const all = items.map((item: Given, index): Item<Result> => ({
          code: (context) => fn(context, item, index),
          open: () => new Branch(new Scope(`${path}/${index}/`), branch.completed, branch),
        }));
        return new MapRun(requests, all, rules).result;
      }),

    saga: (fn) =>
      asking(site, "saga", () => {
        if (typeof fn !== "function") {
          throw new InvalidDefinitionError(
            "ctx.saga was given no function. Expected ctx.saga(async (ctx) => …).",
          );
        }
        const scope = new Scope(`${branch.scope.next("saga", "")}/`);
        return saga(requests, new Branch(scope, branch.completed.nested(), branch, "saga"), fn);
      }),
  };
}

interface Runner {
  readonly name: string;
  readonly code: BranchCode;
  readonly branch: Branch;
}

function race(requests: Requests, runners: readonly Runner[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let decided = false;
    const decide = (winner: Runner, finish: () => void): void => {
      winner.branch.end();
      if (decided) return;
      decided = true;
      const losers = runners.filter((runner) => runner !== winner).map((runner) => runner.branch);
      const cleaning = requests.abandon(losers);
      if (cleaning === undefined) finish();
      else void cleaning.then(finish);
    };
    for (const runner of runners) {
      requests.run(runner.branch, runner.code).then(
        (value) => decide(runner, () => resolve({ winner: runner.name, value })),
        (error: unknown) => decide(runner, () => reject(error)),
      );
    }
  });
}

async function saga<T>(
  requests: Requests,
  branch: Branch,
  code: (context: Context) => T | Promise<T>,
): Promise<T> {
  try {
    const value = await requests.run(branch, code);
    branch.end();
    return value;
  } catch (error) {
    await requests.undoSaga(branch, storableError(error));
    // The code around it was abandoned meanwhile: it does not go on.
    if (branch.parent?.over === "abandoned") return never();
    throw error;
  }
}

function checkBranches(branches: Record<string, BranchCode>): [string, BranchCode][] {
  const entries = Object.entries(branches ?? {});
  if (entries.length > 0 && entries.every(([, code]) => typeof code === "function")) return entries;
  throw new InvalidDefinitionError(
    "ctx.race was given no branches. Expected an object of functions: ctx.race({ paid: (ctx) => …, late: (ctx) => … }).",
  );
}
