/** What the start function is invoked with. Checked to the last field: a misspelt option must not become a default. */
import { InvalidDurationError, InvalidInputError, type SchemaIssue } from "../model/errors.js";
import { type Labels, labelsOf } from "../model/labels.js";
import { shown } from "../model/shown.js";
import { type Duration, durationMs } from "../model/time.js";

export interface StartPayload extends Labels {
  readonly workflow: string;
  readonly input: unknown;
  readonly id?: string;
  readonly delayMs?: number;
  /** How long the caller waits for the end: `true` for as long as the invocation lasts; absent does not wait. */
  readonly wait?: true | { readonly ms: number };
  readonly onConflict?: "return" | "fail";
}

const FIELDS = ["workflow", "input", "id", "delay", "wait", "onConflict", "application", "pipelineConfigId"];

/** Throws {@link InvalidInputError} that names every field that is wrong. */
export function parseStartPayload(event: unknown): StartPayload {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    throw invalid([
      { path: "", message: `expected an object { ${FIELDS.join(", ")} }, found ${kindOf(event)}` },
    ]);
  }
  const issues: SchemaIssue[] = Object.keys(event)
    .filter((name) => !FIELDS.includes(name))
    .map((path) => ({ path, message: `is not known; expected are ${FIELDS.join(", ")}` }));
  const value = (name: string): unknown => Reflect.get(event, name);
  const take = <T>(
    name: string,
    expected: string,
    read: (found: unknown) => T | undefined,
  ): T | undefined => {
    const found = value(name);
    if (found === undefined || found === null) return undefined;
    const taken = read(found);
    if (taken === undefined)
      issues.push({ path: name, message: `expected ${expected}, found ${shown(found)}` });
    return taken;
  };

  const workflow = take("workflow", "the name of a workflow", text);
  if (workflow === undefined && (value("workflow") ?? undefined) === undefined)
    issues.push({ path: "workflow", message: "is missing; expected the name of a workflow" });
  const id = take("id", "text", text);
  const delayMs = take("delay", DURATION, durationOf);
  const wait = take("wait", `true, false or ${DURATION}`, waitOf);
  const onConflict = take("onConflict", '"return" or "fail"', (found) =>
    found === "return" || found === "fail" ? found : undefined,
  );
  const application = take("application", "text", text);
  const pipelineConfigId = take("pipelineConfigId", "text", text);
  if (issues.length > 0 || workflow === undefined) throw invalid(issues);
  return {
    workflow,
    input: value("input"),
    ...(id === undefined ? {} : { id }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(wait === undefined || wait === "no" ? {} : { wait }),
    ...(onConflict === undefined ? {} : { onConflict }),
    ...labelsOf({ application, pipelineConfigId }),
  };
}

const DURATION = 'a duration such as "90s" or { "minutes": 5 }';

function text(found: unknown): string | undefined {
  return typeof found === "string" && found !== "" ? found : undefined;
}

function waitOf(found: unknown): true | "no" | { readonly ms: number } | undefined {
  if (found === true) return true;
  if (found === false) return "no";
  const ms = durationOf(found);
  return ms === undefined ? undefined : { ms };
}

function durationOf(found: unknown): number | undefined {
  if (!mayBeDuration(found)) return undefined;
  try {
    return durationMs(found);
  } catch (error) {
    if (error instanceof InvalidDurationError) return undefined;
    throw error;
  }
}

/** `durationMs` looks at the rest: the type only says that it is text or an object. */
function mayBeDuration(found: unknown): found is Duration {
  return typeof found === "string" || (typeof found === "object" && found !== null && !Array.isArray(found));
}

function invalid(issues: readonly SchemaIssue[]): InvalidInputError {
  return new InvalidInputError("The start request", issues);
}

function kindOf(found: unknown): string {
  return found === null ? "null" : Array.isArray(found) ? "an array" : typeof found;
}
