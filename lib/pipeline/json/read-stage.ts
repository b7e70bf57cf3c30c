/** One stage of a definition: what of its fields is the engine's, and what is its context. */
import { shown } from "../../model/shown.js";
import { type Duration, isInstant, LONGEST_DURATION_MS } from "../../model/time.js";
import { isDuration } from "../durations.js";
import type { InstancesSpec, Join, Reducer, StageSpec } from "../graph.js";
import { isObject, type Json, type JsonObject } from "../json-value.js";
import { STATUSES } from "../status.js";
import type { ExecutionWindow } from "../window.js";
import type { Fields } from "./fields.js";
import { readWindow } from "./read-window.js";
import { expressionIn } from "./template.js";

/** What the definition says of a stage; what its type adds comes later. */
export type WrittenStage = Omit<StageSpec, "tasks" | "before" | "after" | "onFailure">;

const JOINS = ["AND", "OR", "DISCRIMINATOR", "MULTI_MERGE"] as const;
const REDUCERS: readonly Reducer[] = ["collect", "extend", "sum", "max", "min", "merge", "first", "last"];
const MOST_INSTANCES = 1_000;

/** Notes whatever is wrong; what is then stands for it is of no use, and only lets the rest be read. */
export function readStage(fields: Fields): WrittenStage {
  const refId = fields.requiredName("refId");
  const type = fields.requiredName("type");
  const enabled = fields.inside("stageEnabled", readEnabled);
  const split = texts(fields, "split");
  const milestone = fields.inside("milestone", readMilestone);
  const mutex = fields.name("mutex");
  const choice = fields.name("choice");
  const region = fields.name("cancelRegion");
  const timeoutMs = fields.count("stageTimeoutMs", 1, LONGEST_DURATION_MS);
  const startWithin = fields.take("startWithin", 'a duration such as "15m"', asDuration);
  const startBefore = readInstant(fields, "startTimeExpiry");
  const window = readRestriction(fields);
  const instances = fields.inside("instances", readInstances);
  const reducers = words(fields, "reducers", REDUCERS);
  const written = {
    refId,
    type,
    name: fields.name("name") ?? refId,
    requisites: readRequisites(fields),
    failPipeline: fields.flag("failPipeline", true),
    continuePipelineOnFailure: fields.flag("continuePipelineOnFailure", false),
    completeOtherBranchesThenFail: fields.flag("completeOtherBranchesThenFail", false),
    join: readJoin(fields),
  };
  const context = fields.take("context", "an object", (found) => (isObject(found) ? found : undefined));
  return {
    ...written,
    context: over(fields.rest(), context ?? {}),
    ...(enabled === undefined ? {} : { enabled }),
    ...(split === undefined ? {} : { split }),
    ...(milestone === undefined ? {} : { milestone }),
    ...(mutex === undefined ? {} : { mutex }),
    ...(choice === undefined ? {} : { choice }),
    ...(region === undefined ? {} : { region }),
    ...(timeoutMs === undefined ? {} : { timeout: { milliseconds: timeoutMs } }),
    ...(startWithin === undefined ? {} : { startWithin }),
    ...(startBefore === undefined ? {} : { startBefore }),
    ...(window === undefined ? {} : { window }),
    ...(instances === undefined ? {} : { instances }),
    ...(reducers === undefined ? {} : { reducers }),
  };
}

/** An instant in milliseconds since 1970. */
export function readInstant(fields: Fields, name: string): number | undefined {
  return fields.take(name, "a time in milliseconds since 1970", (found) =>
    isInstant(found) ? found : undefined,
  );
}

function over(below: JsonObject, above: JsonObject): JsonObject {
  return Object.fromEntries([...Object.entries(below), ...Object.entries(above)]);
}

function readRequisites(fields: Fields): string[] {
  return (
    fields.list("requisiteStageRefIds", (found, path) => {
      if (typeof found === "string") return found;
      fields.issues.push({ path, message: `expected the refId of a stage, found ${shown(found)}` });
      return undefined;
    }) ?? []
  );
}

/** Spinnaker writes `{}` for a stage that is always enabled. */
function readEnabled(fields: Fields): string | undefined {
  fields.oneOf("type", ["expression"]);
  return fields.take("expression", "text with a CEL expression, true or false", (found) =>
    typeof found === "boolean" ? String(found) : typeof found === "string" ? expressionIn(found) : undefined,
  );
}

function readJoin(fields: Fields): Join {
  const all = [...JOINS, "N_OF_M"];
  return (
    fields.take<Join>("join", `one of ${all.join(", ")}, or { type, threshold }`, asJoin) ?? { type: "AND" }
  );
}

function asJoin(found: Json): Join | undefined {
  const { type, threshold }: JsonObject = isObject(found)
    ? { type: null, threshold: null, ...found }
    : { type: found };
  if (type === "N_OF_M")
    return typeof threshold === "number" && Number.isInteger(threshold) && threshold >= 0
      ? { type, threshold }
      : undefined;
  const plain = JOINS.find((one) => one === type);
  return plain === undefined ? undefined : { type: plain };
}

function readMilestone(fields: Fields): NonNullable<StageSpec["milestone"]> {
  const expected = `one of ${STATUSES.join(", ")}`;
  return {
    stage: fields.requiredName("stage"),
    status: fields.required(
      "status",
      expected,
      (found) => STATUSES.find((one) => one === found),
      "SUCCEEDED",
    ),
  };
}

function readInstances(fields: Fields): InstancesSpec {
  const of = fields.required("of", "a list, a whole number, or text with a CEL expression", asInstances, "0");
  const threshold = fields.count("threshold", 1, MOST_INSTANCES);
  return { of, ...(threshold === undefined ? {} : { threshold }) };
}

function asInstances(found: Json): InstancesSpec["of"] | undefined {
  if (Array.isArray(found)) return found;
  return typeof found === "number" && Number.isInteger(found) && found >= 0 ? found : asExpression(found);
}

function asExpression(found: Json): string | undefined {
  return typeof found === "string" ? expressionIn(found) : undefined;
}

function asDuration(found: Json): Duration | undefined {
  return isDuration(found) ? found : undefined;
}

/** The window counts where it is switched on, as in Spinnaker, which keeps it while it is not. */
function readRestriction(fields: Fields): ExecutionWindow | undefined {
  const isOn = fields.flag("restrictExecutionDuringTimeWindow", false);
  const noted = fields.issues.length;
  const window = fields.inside("restrictedExecutionWindow", readWindow);
  if (isOn && window === undefined && fields.issues.length === noted)
    fields.note(
      "restrictedExecutionWindow",
      "expected a window, since restrictExecutionDuringTimeWindow is true, found nothing",
    );
  return isOn ? window : undefined;
}

/** A table of expressions. */
function texts(fields: Fields, name: string): Record<string, string> | undefined {
  return fields.inside(name, (table) => entriesOf(table, "text with a CEL expression", asExpression));
}

function words<Word extends string>(
  fields: Fields,
  name: string,
  known: readonly Word[],
): Record<string, Word> | undefined {
  const expected = `one of ${known.join(", ")}`;
  return fields.inside(name, (table) =>
    entriesOf(table, expected, (found) => known.find((one) => one === found)),
  );
}

function entriesOf<Value>(
  table: Fields,
  expected: string,
  read: (found: Json) => Value | undefined,
): Record<string, Value> {
  return Object.fromEntries(
    Object.keys(table.rest()).flatMap((key) => {
      const value = table.take(key, expected, read);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}
