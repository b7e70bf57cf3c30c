/**
 * Reads a directory of synthesized templates (`cdk.out`): which stacks there are, and in which order they
 * depend on each other. Nested assemblies (CDK stages) are read, too.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isArray, isObject, type Json, type JsonObject, parseJson } from "../json.js";

export interface StackTemplate {
  readonly name: string;
  readonly template: JsonObject;
  /** Asset paths in the template are relative to this. */
  readonly directory: string;
  /** By the key under which an asset would be uploaded, where it is on disk. */
  readonly assets: ReadonlyMap<string, string>;
}

/** The directory holds no template, or one that is none. */
export class AssemblyError extends Error {
  override readonly name = "AssemblyError";
}

export const readAssembly = (directory: string): StackTemplate[] => {
  const root = resolve(directory);
  if (!existsSync(root))
    throw new AssemblyError(
      `There are no templates to run: expected the output of \`cdk synth\` in ${root}, and there is no such directory. Run \`cdk synth\` first.`,
    );
  const stacks = existsSync(join(root, "manifest.json")) ? readManifest(root) : readLoose(root);
  if (stacks.length === 0)
    throw new AssemblyError(
      `There are no templates to run: expected *.template.json in ${root}, and found none. Run \`cdk synth\` first.`,
    );
  return stacks;
};

const readManifest = (directory: string): StackTemplate[] => {
  const artifacts = objectAt(readJson(join(directory, "manifest.json")), "artifacts");
  const done = new Set<string>();
  const stacks: StackTemplate[] = [];
  const visit = (id: string): void => {
    const artifact = artifacts[id];
    if (done.has(id) || !isObject(artifact)) return;
    done.add(id);
    // What a stack depends on comes first: its exports are imported here.
    for (const dependency of listAt(artifact, "dependencies"))
      if (typeof dependency === "string") visit(dependency);
    stacks.push(...readArtifact(directory, id, artifact));
  };
  for (const id of Object.keys(artifacts)) visit(id);
  return stacks;
};

const readArtifact = (directory: string, id: string, artifact: JsonObject): StackTemplate[] => {
  const properties = objectAt(artifact, "properties");
  if (artifact.type === "cdk:cloud-assembly" && typeof properties.directoryName === "string")
    return readManifest(join(directory, properties.directoryName));
  if (artifact.type !== "aws:cloudformation:stack" || typeof properties.templateFile !== "string") return [];
  const name = typeof properties.stackName === "string" ? properties.stackName : id;
  return [readStack(directory, name, properties.templateFile)];
};

const readLoose = (directory: string): StackTemplate[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(TEMPLATE_ENDING))
    .sort()
    .map((file) => readStack(directory, file.slice(0, -TEMPLATE_ENDING.length), file));

const TEMPLATE_ENDING = ".template.json";

const readStack = (directory: string, name: string, file: string): StackTemplate => ({
  name,
  template: readTemplate(join(directory, file)),
  directory,
  assets: readAssets(join(directory, file.replace(TEMPLATE_ENDING, ".assets.json"))),
});

/** The template names an asset by its upload; only CDK's command adds where it came from, in metadata. */
const readAssets = (path: string): Map<string, string> => {
  const found = new Map<string, string>();
  if (!existsSync(path)) return found;
  for (const file of Object.values(objectAt(readJson(path), "files"))) {
    const source = objectAt(file, "source").path;
    if (typeof source !== "string") continue;
    for (const destination of Object.values(objectAt(file, "destinations"))) {
      const key = isObject(destination) ? destination.objectKey : undefined;
      if (typeof key === "string") found.set(key, source);
    }
  }
  return found;
};

const readTemplate = (path: string): JsonObject => {
  const template = readJson(path);
  if (isObject(template)) return template;
  throw new AssemblyError(`${path} is no template: expected a JSON object.`);
};

const readJson = (path: string): Json => {
  try {
    return parseJson(readFileSync(path, "utf8"));
  } catch (error) {
    throw new AssemblyError(`${path} could not be read: ${String(error)}. Run \`cdk synth\` again.`, {
      cause: error,
    });
  }
};

const objectAt = (value: Json, key: string): JsonObject => {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : {};
};

const listAt = (value: JsonObject, key: string): readonly Json[] => {
  const found = value[key];
  return isArray(found) ? found : [];
};
