/**
 * CloudFormation's intrinsic functions, resolved before anything is created: every name and ARN of the
 * local cloud is known from the template alone.
 */
import { ownOf } from "../../model/own.js";
import { ACCOUNT, REGION } from "../arn.js";
import { isArray, isObject, type Json, type JsonObject } from "../json.js";

export interface Scope {
  readonly stack: string;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly mappings: JsonObject;
  readonly conditions: JsonObject;
  readonly exports: ReadonlyMap<string, Json>;
  readonly ref: (logicalId: string) => Json | undefined;
  readonly attribute: (logicalId: string, name: string) => Json | undefined;
}

/** Something in the template that has no value here. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

/** `AWS::NoValue`: the property, or the list element, is left out. */
const NO_VALUE = Symbol("AWS::NoValue");

export const resolve = (value: Json, scope: Scope): Json => {
  const resolved = resolveValue(value, scope);
  return resolved === NO_VALUE ? null : resolved;
};

type Resolved = Json | typeof NO_VALUE;

const resolveValue = (value: Json, scope: Scope): Resolved => {
  if (isArray(value)) return value.map((one) => resolveValue(one, scope)).filter(isThere);
  if (!isObject(value)) return value;
  const [[name, argument] = ["", null], ...more] = Object.entries(value);
  const intrinsic = more.length === 0 ? ownOf(INTRINSICS, name) : undefined;
  if (intrinsic !== undefined) return intrinsic(argument, scope);
  if (more.length === 0 && name.startsWith("Fn::"))
    throw new TemplateError(
      `${scope.stack}: ${name} is not understood; known are ${Object.keys(INTRINSICS).join(", ")}.`,
    );
  const entries: [string, Json][] = [];
  for (const [key, one] of Object.entries(value)) {
    const resolved = resolveValue(one, scope);
    if (resolved !== NO_VALUE) entries.push([key, resolved]);
  }
  return Object.fromEntries(entries);
};

const isThere = (value: Resolved): value is Json => value !== NO_VALUE;

const INTRINSICS: Readonly<Record<string, (argument: Json, scope: Scope) => Resolved>> = {
  Ref: (argument, scope) => refer(text(argument, "Ref", scope), scope),

  "Fn::GetAtt": (argument, scope) => {
    const [id, ...path] = isArray(argument)
      ? argument.map((part) => text(resolve(part, scope), "Fn::GetAtt", scope))
      : text(argument, "Fn::GetAtt", scope).split(".");
    return attribute(id ?? "", path.join("."), scope);
  },

  "Fn::Join": (argument, scope) => {
    const [separator, parts] = list(argument, "Fn::Join", scope);
    return list(parts ?? [], "Fn::Join", scope)
      .map((part) => text(part, "Fn::Join", scope))
      .join(text(separator ?? "", "Fn::Join", scope));
  },

  "Fn::Split": (argument, scope) => {
    const [separator, whole] = list(argument, "Fn::Split", scope);
    return text(whole ?? "", "Fn::Split", scope).split(text(separator ?? "", "Fn::Split", scope));
  },

  "Fn::Select": (argument, scope) => {
    const [index, from] = list(argument, "Fn::Select", scope);
    const chosen = list(from ?? [], "Fn::Select", scope)[Number(index)];
    if (chosen === undefined)
      throw new TemplateError(`${scope.stack}: Fn::Select has no element ${JSON.stringify(index)}.`);
    return chosen;
  },

  "Fn::Sub": (argument, scope) => {
    const [template, variables] = isArray(argument) ? argument : [argument, {}];
    const values = resolve(variables ?? {}, scope);
    return text(template ?? "", "Fn::Sub", scope).replace(
      /\$\{(!?)([^}]+)\}/g,
      (_whole, literal: string, name: string) => {
        if (literal !== "") return `\${${name}}`;
        const own = isObject(values) ? values[name] : undefined;
        if (own !== undefined) return text(own, "Fn::Sub", scope);
        const [id = "", ...path] = name.split(".");
        const found = path.length === 0 ? refer(id, scope) : attribute(id, path.join("."), scope);
        return found === NO_VALUE ? "" : text(found, "Fn::Sub", scope);
      },
    );
  },

  "Fn::ImportValue": (argument, scope) => {
    const name = text(resolve(argument, scope), "Fn::ImportValue", scope);
    const value = scope.exports.get(name);
    if (value === undefined)
      throw new TemplateError(`${scope.stack}: no stack before this one exports "${name}".`);
    return value;
  },

  "Fn::FindInMap": (argument, scope) => {
    const keys = list(argument, "Fn::FindInMap", scope).map((key) => text(key, "Fn::FindInMap", scope));
    const found = keys.reduce<Json>((at, key) => (isObject(at) ? (at[key] ?? null) : null), scope.mappings);
    if (found === null)
      throw new TemplateError(`${scope.stack}: Fn::FindInMap finds nothing at ${keys.join(".")}.`);
    return found;
  },

  "Fn::If": (argument, scope) => {
    const [condition, then, otherwise] = isArray(argument) ? argument : [];
    return resolveValue(
      (holds(text(condition ?? "", "Fn::If", scope), scope) ? then : otherwise) ?? null,
      scope,
    );
  },

  "Fn::GetAZs": () => [`${REGION}a`],

  "Fn::Base64": (argument, scope) =>
    Buffer.from(text(resolve(argument, scope), "Fn::Base64", scope)).toString("base64"),
};

/** Whether a named condition of the template holds. */
export const holds = (name: string, scope: Scope): boolean => {
  const condition = scope.conditions[name];
  if (condition === undefined) throw new TemplateError(`${scope.stack}: there is no condition "${name}".`);
  return decide(condition, scope);
};

const decide = (condition: Json, scope: Scope): boolean => {
  const [[name, argument] = ["", null]] = isObject(condition) ? Object.entries(condition) : [];
  const parts = isArray(argument) ? argument : [];
  switch (name) {
    case "Fn::Equals": {
      const [left, right] = parts.map((part) => JSON.stringify(resolve(part, scope)));
      return left === right;
    }
    case "Fn::And":
      return parts.every((part) => decide(part, scope));
    case "Fn::Or":
      return parts.some((part) => decide(part, scope));
    case "Fn::Not":
      return !decide(parts[0] ?? null, scope);
    case "Condition":
      return holds(text(argument, "Condition", scope), scope);
    default:
      throw new TemplateError(
        `${scope.stack}: the condition ${JSON.stringify(condition)} is not understood.`,
      );
  }
};

const PSEUDO: Readonly<Record<string, (scope: Scope) => Resolved>> = {
  "AWS::AccountId": () => ACCOUNT,
  "AWS::Region": () => REGION,
  "AWS::Partition": () => "aws",
  "AWS::URLSuffix": () => "amazonaws.com",
  "AWS::StackName": (scope) => scope.stack,
  "AWS::StackId": (scope) => `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${scope.stack}/local`,
  "AWS::NotificationARNs": () => [],
  "AWS::NoValue": () => NO_VALUE,
};

const refer = (name: string, scope: Scope): Resolved => {
  const pseudo = ownOf(PSEUDO, name);
  if (pseudo !== undefined) return pseudo(scope);
  const value = ownOf(scope.parameters, name) ?? scope.ref(name);
  if (value === undefined)
    throw new TemplateError(`${scope.stack}: there is no parameter or resource "${name}".`);
  return value;
};

const attribute = (id: string, name: string, scope: Scope): Json => {
  const value = scope.attribute(id, name);
  if (value === undefined)
    throw new TemplateError(`${scope.stack}: the attribute ${id}.${name} is not known locally.`);
  return value;
};

const text = (value: Json, where: string, scope: Scope): string => {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TemplateError(`${scope.stack}: ${where} expected a string, and found ${JSON.stringify(value)}.`);
};

const list = (value: Json, where: string, scope: Scope): readonly Json[] => {
  const resolved = resolve(value, scope);
  if (isArray(resolved)) return resolved;
  throw new TemplateError(`${scope.stack}: ${where} expected a list, and found ${JSON.stringify(resolved)}.`);
};
