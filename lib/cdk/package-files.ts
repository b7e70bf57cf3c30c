/**
 * Where the files of this very copy of holdfast are, whether it runs as TypeScript from a checkout or as compiled
 * JavaScript from an installed package. The bundler is pointed at them by path, so the engine that is deployed is always
 * the one whose construct deploys it, even when the user's app would resolve another copy.
 */
import { existsSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { HoldfastConfigError } from "./config-error.js";

const here = fileURLToPath(import.meta.url);

/** `.ts` in a checkout, `.js` in a package: the source that stands beside this file. */
const extension = extname(here);

/** The folder that holds `lib/` and `functions/`: the checkout itself, or `dist/` of the package. */
const root = dirname(dirname(dirname(here)));

/**
 * Import names of holdfast, as its `package.json` exports them, and the files that they mean. The order does not matter:
 * esbuild tries the longest name first.
 */
export function packageAliases(): Record<string, string> {
  return {
    holdfast: join(root, "lib", `index${extension}`),
    "holdfast/testing": join(root, "lib", "testing", `index${extension}`),
    "holdfast/local": join(root, "lib", "local", `index${extension}`),
    "holdfast/cdk": join(root, "lib", "cdk", `index${extension}`),
    "holdfast/otel": join(root, "lib", "otel", `index${extension}`),
    "holdfast/pipeline": join(root, "lib", "pipeline", `index${extension}`),
    "holdfast/functions": join(root, "functions"),
  };
}

/** The folder from which the generated entries are resolved: SDK clients are found from here. */
export function packageRoot(): string {
  return root;
}

/** A source file of the package, named without its extension. */
export function packageFile(...path: readonly string[]): string {
  return `${join(root, ...path)}${extension}`;
}

/** Fails with a sentence, instead of a bundler's, when a file of the package itself is missing. */
export function requireHandlerFactory(name: string): string {
  const file = join(root, "functions", `${name}${extension}`);
  if (!existsSync(file)) {
    throw new HoldfastConfigError({
      what: `The code of the "${name}" function is missing from the holdfast package.`,
      expected: `a file at ${file}`,
      found: "no such file",
      next: "Reinstall holdfast; in a checkout of it, run its build.",
    });
  }
  return `holdfast/functions/${name}`;
}
