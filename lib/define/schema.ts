/** Standard Schema (https://standardschema.dev) at our edge: zod, valibot, arktype and others all speak it. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InvalidDefinitionError, InvalidInputError, type SchemaIssue } from "../model/errors.js";

export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** The parsed value. Throws {@link InvalidInputError} that says what of `what` was wrong. */
export async function parse(schema: Schema | undefined, value: unknown, what: string): Promise<unknown> {
  if (schema === undefined) return value;
  return accept(await schema["~standard"].validate(value), what);
}

/** As {@link parse}, inside workflow code, where nothing may be awaited that is not recorded. */
export function parseSync(schema: Schema | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return value;
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new InvalidDefinitionError(
      `${what} can't be checked at once: its schema validates asynchronously. Workflow code needs one that answers at once.`,
    );
  }
  return accept(result, what);
}

function accept(result: StandardSchemaV1.Result<unknown>, what: string): unknown {
  if (result.issues === undefined) return result.value;
  throw new InvalidInputError(what, result.issues.map(toIssue));
}

function toIssue(issue: StandardSchemaV1.Issue): SchemaIssue {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return { path, message: issue.message };
}

/** Refuses what is not a Standard Schema, where it is written rather than where it is first used. */
export function checkSchema(schema: unknown, what: string): void {
  if (schema === undefined) return;
  const standard =
    typeof schema === "object" || typeof schema === "function"
      ? Reflect.get(Object(schema), "~standard")
      : undefined;
  if (
    standard &&
    typeof standard === "object" &&
    "validate" in standard &&
    typeof standard.validate === "function"
  )
    return;
  throw new InvalidDefinitionError(
    `${what} is not a Standard Schema. Expected a schema object of zod, valibot, arktype or another library that implements it.`,
  );
}
