/** What its type adds to a stage: its tasks, and the stages that belong to it. */
import { short, shown } from "../../model/shown.js";
import type { PipelineIssue } from "../errors.js";
import { afterId, beforeId, onFailureId, type StageSpec } from "../graph.js";
import { isObject, type Json, type JsonObject } from "../json-value.js";
import { Fields } from "./fields.js";
import { pathTo, plainJson } from "./plain-json.js";
import type { BuildParts, StageType, StageTypes } from "./stage-type.js";
import { templateIssues } from "./template.js";

type Parts = Pick<StageSpec, "tasks" | "before" | "after" | "onFailure" | "raw">;

const NOTHING: Parts = { tasks: [], before: [], after: [], onFailure: [] };

/** A stage whose type is asked for what belongs to it, and where it stands. */
interface Of {
  readonly refId: string;
  readonly type: string;
  readonly context: JsonObject;
  /** Its fields, as they were written. */
  readonly written: JsonObject;
  readonly path: string;
  /** The types of the stages that it belongs to. */
  readonly within: readonly string[];
}

/** Notes an unknown type, and what its type finds wrong with its context. */
export function partsOf(
  stage: Pick<Of, "refId" | "type" | "context">,
  fields: Fields,
  types: StageTypes,
): Parts {
  return new Builder(types, fields.issues).parts({
    ...stage,
    written: fields.written,
    path: fields.path,
    within: [],
  });
}

class Builder {
  constructor(
    private readonly types: StageTypes,
    private readonly issues: PipelineIssue[],
  ) {}

  parts(of: Of): Parts {
    const { type: name, context, path } = of;
    const type = this.types.of(name);
    if (type === undefined) {
      // That there is no text was noted where it was read.
      if (name !== "")
        this.#note(pathTo(path, "type"), `expected ${knownIn(this.types)}, found ${shown(name)}`);
      return NOTHING;
    }
    const { raw = [] } = type;
    const judged = Object.fromEntries(Object.entries(context).filter(([key]) => !raw.includes(key)));
    for (const issue of [...templateIssues(judged, ""), ...this.#checked(type, context, path)])
      this.#note(placeOf(of, issue.path), issue.message);
    return {
      ...(type.raw === undefined ? {} : { raw }),
      tasks: type.specs,
      before: this.#built(type.before, "before", beforeId, of),
      after: this.#built(type.after, "after", afterId, of),
      onFailure: this.#built(type.onFailure, "onFailure", onFailureId, of),
    };
  }

  #checked({ type, check }: StageType, context: JsonObject, path: string): readonly PipelineIssue[] {
    try {
      return check?.(context) ?? [];
    } catch (error) {
      this.#note(path, `stage type "${type}" could not check its context: ${wordsOf(error)}`);
      return [];
    }
  }

  #built(
    build: BuildParts | undefined,
    field: string,
    idOf: (parent: string, index: number) => string,
    { refId, type, context, path, within }: Of,
  ): StageSpec[] {
    if (build === undefined) return [];
    const here = pathTo(path, field);
    let built: unknown;
    try {
      built = build(context);
    } catch (error) {
      this.#note(here, `stage type "${type}" could not build its parts: ${wordsOf(error)}`);
      return [];
    }
    const plain = plainJson(built);
    const parts: Json | undefined = "issues" in plain ? undefined : plain.value;
    if (!Array.isArray(parts)) {
      this.#note(here, `expected stage type "${type}" to build a list of parts, found ${shown(built)}`);
      return [];
    }
    return parts.flatMap((part: Json, index) => {
      const fields = Fields.of(part, pathTo(here, index), this.issues);
      return fields === undefined ? [] : [this.#part(fields, idOf(refId, index), [...within, type])];
    });
  }

  #part(fields: Fields, refId: string, within: readonly string[]): StageSpec {
    const type = fields.requiredName("type");
    const context =
      fields.take("context", "an object", (found) => (isObject(found) ? found : undefined)) ?? {};
    const isWithin = within.includes(type);
    if (isWithin) fields.note("type", `"${type}" belongs to itself: ${[...within, type].join(" → ")}`);
    const { path, written } = fields;
    const parts = isWithin ? NOTHING : this.parts({ refId, type, context, written, path, within });
    return {
      refId,
      type,
      name: fields.name("name") ?? type,
      requisites: [],
      context,
      ...parts,
      failPipeline: fields.flag("failPipeline", true),
      continuePipelineOnFailure: fields.flag("continuePipelineOnFailure", false),
      completeOtherBranchesThenFail: false,
      join: { type: "AND" },
    };
  }

  #note(path: string, message: string): void {
    this.issues.push({ path, message });
  }
}

function knownIn(types: StageTypes): string {
  const { names } = types;
  return names.length === 0 ? "a type of stages (none is declared)" : `one of ${names.join(", ")}`;
}

/** Where in the definition a part of the context stands: in `context`, or beside it. */
function placeOf({ written, path }: Of, inContext: string): string {
  const key = /^[^.[]*/.exec(inContext)?.[0] ?? "";
  const context = Object.hasOwn(written, "context") ? written.context : undefined;
  const isInside = isObject(context) && Object.hasOwn(context, key);
  const place = isInside ? `context.${inContext}` : inContext;
  return [path, place].filter((part) => part !== "").join(place.startsWith("[") ? "" : ".");
}

function wordsOf(error: unknown): string {
  return short(error instanceof Error ? error.message : String(error));
}
