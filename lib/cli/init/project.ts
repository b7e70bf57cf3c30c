/** A new project, made of the template that this package brings: no file is read or written here. */
import { UsageError } from "../exit.js";

export interface ProjectNames {
  /** Of the package, and of the service. */
  readonly name: string;
  /** Of the stack: letters and digits. */
  readonly stack: string;
}

const LONGEST_NAME = 60;

/** Of the directory's name what npm, CloudFormation and the event bus all take. Throws {@link UsageError} when nothing is left. */
export function namesFor(directory: string): ProjectNames {
  const words = directory
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const name = words.join("-").slice(0, LONGEST_NAME).replace(/-$/, "");
  const stack = words
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")
    .slice(0, LONGEST_NAME);
  if (/^[a-z]/.test(name)) return { name, stack };
  throw new UsageError(
    `No project can be named after the directory "${directory}". Expected a name that begins with a letter, such as holdfast init my-shop.`,
  );
}

/** npm leaves files of this name out of packages, so the template has it without its dot. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: ".gitignore" };

/** Where a template's file goes. */
export function targetOf(file: string): string {
  return RENAMED[file] ?? file;
}

/** A template's file as the project's. The template is a project itself, of the name `shop`, with the stack `Shop`. */
export function filledIn(
  file: string,
  text: string,
  { name, stack }: ProjectNames,
  dependency: string,
): string {
  if (file === "package.json") return filledManifest(text, name, dependency);
  if (file === "infra/app.ts")
    return text.replace('"Shop"', JSON.stringify(stack)).replace('"shop"', JSON.stringify(name));
  if (file === "README.md")
    return text.replace("# shop", `# ${name}`).replace("HOLDFAST_STACK=Shop", `HOLDFAST_STACK=${stack}`);
  return text;
}

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

function filledManifest(text: string, name: string, dependency: string): string {
  const { dependencies, ...rest }: PackageJson = JSON.parse(text);
  const filled = { ...rest, name, dependencies: { ...dependencies, holdfast: dependency } };
  const order = Object.keys(JSON.parse(text));
  const sorted = Object.fromEntries(order.map((field) => [field, Reflect.get(filled, field)]));
  return `${JSON.stringify(sorted, null, 2)}\n`;
}
