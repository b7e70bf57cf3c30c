/** Types of stages, as they are declared in code: what a definition names by `type`. */
import { InvalidDefinitionError } from "../../model/errors.js";
import { isShortText } from "../../model/ids.js";
import { shown } from "../../model/shown.js";
import type { PipelineIssue } from "../errors.js";
import { evaluate } from "../expression.js";
import type { TaskSpec } from "../graph.js";
import type { JsonObject } from "../json-value.js";
import type { Library } from "../library.js";
import type { TaskOptions } from "../pipeline.js";
import type { TaskCode } from "../task.js";

/** A stage that belongs to another: its tasks, and what belongs to it, are its type's. */
export interface TypedPart {
  readonly type: string;
  /** Default: its type. */
  readonly name?: string;
  readonly context?: JsonObject;
  readonly failPipeline?: boolean;
  readonly continuePipelineOnFailure?: boolean;
}

/** Makes parts of a stage's context, as the definition has it. Pure: the same context gives the same parts. */
export type BuildParts = (context: JsonObject) => readonly TypedPart[];

/** What stages of a type do. */
export interface StageTypeOptions {
  readonly type: string;
  /** One after the other. */
  readonly tasks: readonly TaskOptions[];
  /** Stages before its tasks, after them, and, if it fails, at its end. */
  readonly before?: BuildParts;
  readonly after?: BuildParts;
  readonly onFailure?: BuildParts;
  /** What is wrong with a context, before anything runs; paths begin at the context. Expressions in it have not been judged yet. */
  readonly check?: (context: JsonObject) => readonly PipelineIssue[];
  /** Keys of the context whose expressions its tasks judge themselves; everywhere else they are judged before its tasks see them. */
  readonly raw?: readonly string[];
}

/** A type of stages, checked. */
export interface StageType extends StageTypeOptions {
  readonly specs: readonly TaskSpec[];
}

/** As ids of stages: both stand in the name of a step. */
const LONGEST_TASK_NAME_BYTES = 100;
const LONGEST_TYPE_BYTES = 256;

/**
 * Declares a type of stages.
 * @throws InvalidDefinitionError for names that are empty or too long, and a task that is there twice
 */
export function stageType(options: StageTypeOptions): StageType {
  const { type, tasks } = options;
  if (!isShortText(type, LONGEST_TYPE_BYTES))
    throw new InvalidDefinitionError(
      `${shown(type)} can't be the type of a stage: expected text of 1 to ${LONGEST_TYPE_BYTES} bytes.`,
    );
  const names = tasks.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (!isShortText(name, LONGEST_TASK_NAME_BYTES))
      throw new InvalidDefinitionError(
        `${shown(name)} can't be the name of a task of stage type "${type}": expected text of 1 to ${LONGEST_TASK_NAME_BYTES} bytes.`,
      );
    if (names.indexOf(name) < index)
      throw new InvalidDefinitionError(
        `Stage type "${type}" has two tasks "${name}". Give each a name of its own: their code is found by it.`,
      );
  }
  return { ...options, specs: tasks.map(({ run: _run, onCancel: _onCancel, ...spec }) => spec) };
}

/** The types that pipelines from JSON may name, and the code of their tasks. */
export class StageTypes {
  readonly #types: ReadonlyMap<string, StageType>;

  /** @throws InvalidDefinitionError for two of one name */
  constructor(types: readonly StageType[]) {
    this.#types = new Map(types.map((type) => [type.type, type]));
    const twice = types.find((one, index) => types.findIndex(({ type }) => type === one.type) < index);
    if (twice !== undefined)
      throw new InvalidDefinitionError(
        `There are two stage types "${twice.type}". Give each a name of its own: definitions name them by it.`,
      );
  }

  /** In the order of the alphabet. */
  get names(): string[] {
    return [...this.#types.keys()].sort();
  }

  of(type: string): StageType | undefined {
    return this.#types.get(type);
  }

  /** What {@link Library} asks for: code is found by the stage's type and the task's name, whatever the stage's id. */
  readonly library: Library = {
    codeOf: ({ type }, task) => {
      const options = this.of(type)?.tasks.find(({ name }) => name === task);
      return options === undefined ? undefined : codeOf(options);
    },
    evaluate,
  };
}

function codeOf({ run, onCancel }: TaskOptions): TaskCode {
  return { run, ...(onCancel === undefined ? {} : { onCancel }) };
}
