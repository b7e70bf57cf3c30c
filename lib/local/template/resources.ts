/** The resources of one stack with their properties resolved, and its outputs and exports. */
import { ownOf } from "../../model/own.js";
import { Fields, isObject, type Json, type JsonObject } from "../json.js";
import type { VersionDeclaration } from "../lambda/versions.js";
import type { StackTemplate } from "./assembly.js";
import { holds, resolve, type Scope, TemplateError } from "./intrinsics.js";
import { attributeOf, generatedName, type Identity, nameProperty, refOf } from "./names.js";

export interface Resource {
  readonly identity: Identity;
  readonly type: string;
  readonly properties: Fields;
  readonly metadata: JsonObject;
  /** Asset paths are relative to this. */
  readonly directory: string;
  readonly assets: ReadonlyMap<string, string>;
}

export interface ResolvedStack {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** What the resources of a cloud are found by. */
export interface Place {
  /** Where the cloud answers. */
  readonly endpoint: string;
  /** The number of a function's version. Default: 1, as of a function that was never published before. */
  readonly numberOf?: (version: VersionDeclaration) => string;
}

/** Resolves stacks in their order; each sees the exports of those before it. */
export const resolveStacks = (templates: readonly StackTemplate[], place: Place): ResolvedStack[] => {
  const exports = new Map<string, Json>();
  return templates.map((template) => resolveStack(template, exports, place));
};

const resolveStack = (
  stack: StackTemplate,
  exports: Map<string, Json>,
  { endpoint, numberOf }: Place,
): ResolvedStack => {
  const declared = section(stack.template, "Resources");
  const identities = new Map<string, Identity>();

  const identify = (logicalId: string): Identity | undefined => {
    const known = identities.get(logicalId);
    if (known !== undefined) return known;
    const resource = declared[logicalId];
    if (!isObject(resource)) return undefined;
    const type = typeof resource.Type === "string" ? resource.Type : "";
    const properties = section(resource, "Properties");
    // Registered before its own name is resolved, so that a name that refers to itself ends.
    const provisional = {
      type,
      logicalId,
      stack: stack.name,
      name: generatedName(stack.name, logicalId, type),
    };
    identities.set(logicalId, provisional);
    const name = stringOf(properties, nameProperty(type) ?? "Name");
    const parent = stringOf(properties, ownOf(PARENT, type) ?? "");
    const number =
      type === "AWS::Lambda::Version" && parent !== undefined
        ? numberOf?.({ key: `${stack.name}/${logicalId}`, functionName: parent })
        : undefined;
    const identity: Identity = {
      ...provisional,
      ...(name === undefined ? {} : { name }),
      ...(parent === undefined ? {} : { parent }),
      ...(number === undefined ? {} : { number }),
    };
    identities.set(logicalId, identity);
    return identity;
  };

  const scope: Scope = {
    stack: stack.name,
    parameters: defaultsOf(section(stack.template, "Parameters")),
    mappings: section(stack.template, "Mappings"),
    conditions: section(stack.template, "Conditions"),
    exports,
    ref: (id) => mapped(identify(id), (identity) => refOf(identity, endpoint)),
    attribute: (id, name) => mapped(identify(id), (identity) => attributeOf(identity, name, endpoint)),
  };

  const stringOf = (properties: JsonObject, key: string): string | undefined => {
    const value = properties[key];
    const resolved = value === undefined ? undefined : resolve(value, scope);
    return typeof resolved === "string" ? resolved : undefined;
  };

  const resources: Resource[] = [];
  for (const [logicalId, resource] of Object.entries(declared)) {
    const identity = identify(logicalId);
    if (identity === undefined || !isObject(resource) || !applies(resource, scope)) continue;
    const refuse = (message: string): Error =>
      new TemplateError(`${stack.name}/${logicalId} (${identity.type}): ${message}`);
    resources.push({
      identity,
      type: identity.type,
      properties: new Fields(resolvedObject(section(resource, "Properties"), scope), refuse),
      metadata: section(resource, "Metadata"),
      directory: stack.directory,
      assets: stack.assets,
    });
  }
  return { name: stack.name, resources, outputs: outputsOf(stack, scope, exports) };
};

const PARENT: Readonly<Record<string, string>> = {
  "AWS::Events::Rule": "EventBusName",
  "AWS::Scheduler::Schedule": "GroupName",
  "AWS::Lambda::Version": "FunctionName",
  "AWS::Lambda::Alias": "FunctionName",
};

const outputsOf = (
  stack: StackTemplate,
  scope: Scope,
  exports: Map<string, Json>,
): Record<string, string> => {
  const outputs: Record<string, string> = {};
  for (const [key, output] of Object.entries(section(stack.template, "Outputs"))) {
    if (!isObject(output) || !applies(output, scope)) continue;
    const value = resolve(output.Value ?? null, scope);
    outputs[key] = typeof value === "string" ? value : JSON.stringify(value);
    const name = resolve(section(output, "Export").Name ?? null, scope);
    if (typeof name === "string") exports.set(name, value);
  }
  return outputs;
};

const applies = (declared: JsonObject, scope: Scope): boolean =>
  typeof declared.Condition !== "string" || holds(declared.Condition, scope);

const defaultsOf = (parameters: JsonObject): Record<string, Json> => {
  const defaults: Record<string, Json> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    if (isObject(parameter) && parameter.Default !== undefined) defaults[name] = parameter.Default;
  }
  return defaults;
};

const resolvedObject = (value: JsonObject, scope: Scope): JsonObject => {
  const resolved = resolve(value, scope);
  return isObject(resolved) ? resolved : {};
};

const section = (value: JsonObject, key: string): JsonObject => {
  const found = value[key];
  return isObject(found) ? found : {};
};

const mapped = <T, R>(value: T | undefined, map: (value: T) => R): R | undefined =>
  value === undefined ? undefined : map(value);
