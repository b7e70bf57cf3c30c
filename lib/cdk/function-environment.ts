/** Checks what the user's code is to find in its environment, by Lambda's own rules. */
import { Token } from "aws-cdk-lib";
import { HoldfastConfigError } from "./config-error.js";

/** What Lambda takes for all variables of a function together, its own not counted. */
const bytesMost = 4_096;

/** Those that begin otherwise and are the runtime's all the same. */
const reserved: readonly string[] = ["LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"];

/** @throws HoldfastConfigError for what Lambda would refuse, and for what would be overwritten */
export function checkEnvironment(environment: Readonly<Record<string, unknown>>): void {
  const variables = Object.entries(environment).filter(([, value]) => value !== undefined);
  for (const [name, value] of variables) {
    if (/^(HOLDFAST|AWS)_/.test(name) || reserved.includes(name))
      throw new HoldfastConfigError({
        what: `The environment variable ${name} is not yours to set.`,
        expected: "names that begin with neither HOLDFAST_ nor AWS_, and are none of Lambda's own",
        found: name,
        next: "Choose another name; how much is logged is the prop `logLevel`.",
      });
    if (!/^[A-Za-z][A-Za-z0-9_]+$/.test(name))
      throw new HoldfastConfigError({
        what: "The prop `environment` holds a name that Lambda does not take.",
        expected: "a letter, then one or more letters, digits and underscores",
        found: JSON.stringify(name),
        next: "Choose another name.",
      });
    if (typeof value !== "string")
      throw new HoldfastConfigError({
        what: `The environment variable ${name} is no text.`,
        expected: "a string",
        found: `${JSON.stringify(value)} (${typeof value})`,
        next: `Write it as one: String(value).`,
      });
  }
  const known = variables.filter(([, value]) => !Token.isUnresolved(value)).flat();
  const bytes = known.reduce<number>((sum, text) => sum + Buffer.byteLength(String(text)), 0);
  if (bytes <= bytesMost) return;
  throw new HoldfastConfigError({
    what: "The prop `environment` is larger than Lambda takes.",
    expected: `${bytesMost} bytes at most for all variables of a function, some 1,000 of which are Holdfast's`,
    found: `${bytes} bytes`,
    next: "Put what is large where the code can fetch it: a parameter, a secret, a file in the bundle.",
  });
}
