/** A stage whose tasks are run once for each of several items, side by side, each as a stage of its own that belongs to it. */
import type { Context } from "../define/context.js";
import { contextOf, instanceOf } from "./contexts.js";
import type { StageSpec } from "./graph.js";
import type { Json, JsonObject } from "./json-value.js";
import type { StageEnd, StageSurroundings } from "./run-stage.js";
import { failureFrom } from "./run-task.js";
import type { Shell } from "./shell.js";
import { stageIn } from "./state.js";
import { isComplete, isContinuable, isHalt } from "./status.js";
import { tellCanceled } from "./tell-canceled.js";
import { variablesOf } from "./variables.js";

type RunInstance = (
  surroundings: StageSurroundings,
  instance: StageSpec,
  parent: string,
  ctx: Context,
  context: JsonObject,
) => Promise<StageEnd>;

/** Of one stage. More would make a history that takes too long to replay. */
export const MOST_INSTANCES = 1_000;

/**
 * All of them, or as many as the threshold says: what is at work then is canceled. Fails when too few can end well.
 *
 * Outputs: under the stage's own id, the list of what each of them gave, in their order; null for one that was canceled.
 */
export async function runInstances(
  surroundings: StageSurroundings,
  spec: StageSpec,
  ctx: Context,
  runInstance: RunInstance,
): Promise<StageEnd> {
  const { shell } = surroundings;
  const { refId } = spec;
  const threshold = spec.instances?.threshold;
  let items: readonly Json[];
  try {
    items = itemsOf(shell, spec);
  } catch (error) {
    return { status: "TERMINAL", error: failureFrom(error) };
  }
  const instances: StageSpec[] = [];
  const ends: StageEnd[] = [];
  let decide: () => void = () => {};
  const decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const begin = async (item: Json, branch: Context): Promise<void> => {
    const index = instances.length;
    const instance = instanceOf(spec, index);
    instances.push(instance);
    ends.push(await runInstance(surroundings, instance, refId, branch, { item, index }));
    if (isDecided(ends, instances.length, threshold)) decide();
  };
  if (items.length > 0) {
    await ctx.race({
      decided: () => decided,
      work: (branch: Context) =>
        new Promise<never>((_, reject) => {
          for (const item of items) void begin(item, branch).catch(reject);
          // Whoever adds one calls from elsewhere: it begins here, where its context may be used.
          void (async () => {
            for (;;) {
              const item = await new Promise<Json>((resolve) => surroundings.adding.set(refId, resolve));
              void begin(item, branch).catch(reject);
            }
          })();
        }),
    });
    surroundings.adding.delete(refId);
  }
  for (const { refId: id } of instances) {
    if (isComplete(stageIn(shell.state(), id).status)) continue;
    await tellCanceled(shell, id, ctx);
    shell.tell(ctx, { type: "StageEnded", stage: id, status: "CANCELED" });
  }
  const gave = instances.map(({ refId: id }) => {
    const { status, outputs } = stageIn(shell.state(), id);
    return status === "CANCELED" ? null : outputs;
  });
  shell.tell(ctx, { type: "StageTold", stage: refId, outputs: { [refId]: gave } });
  return endOf(ends, instances.length, threshold);
}

function itemsOf(shell: Shell, spec: StageSpec): readonly Json[] {
  const { of = [] } = spec.instances ?? {};
  const variables = variablesOf(contextOf(shell.graph, shell.state(), spec), shell.trigger);
  const found = typeof of === "string" ? shell.library.evaluate(of, variables) : of;
  const items = typeof found === "number" ? Array.from({ length: found }, (_, index) => index) : found;
  if (!Array.isArray(items))
    throw new TypeError(
      `stage "${spec.refId}" is to have instances of ${JSON.stringify(of)}. Expected a list or a number, found ${JSON.stringify(found)}`,
    );
  if (items.length > MOST_INSTANCES)
    throw new RangeError(
      `stage "${spec.refId}" is to have ${items.length} instances, and may have ${MOST_INSTANCES}. Give each of them several items`,
    );
  return items;
}

function isDecided(ends: readonly StageEnd[], all: number, threshold: number | undefined): boolean {
  const open = all - ends.length;
  if (threshold === undefined) return open === 0 || ends.some(({ status }) => isHalt(status));
  const well = ends.filter(({ status }) => isContinuable(status)).length;
  return well >= threshold || well + open < threshold;
}

function endOf(ends: readonly StageEnd[], all: number, threshold: number | undefined): StageEnd {
  const well = ends.filter(({ status }) => isContinuable(status)).length;
  const halted = ends.find(({ status }) => isHalt(status));
  if (threshold !== undefined && well >= threshold) return { status: "SUCCEEDED" };
  if (threshold !== undefined) {
    const why = halted?.error === undefined ? "" : `; one of the others: ${halted.error.message}`;
    const message = `${well} of ${all} instances ended well, and ${threshold} had to${why}`;
    return { status: "TERMINAL", error: { name: "TooFewInstancesError", message } };
  }
  if (halted !== undefined) return halted;
  return {
    status: ends.some(({ status }) => status === "FAILED_CONTINUE") ? "FAILED_CONTINUE" : "SUCCEEDED",
  };
}
