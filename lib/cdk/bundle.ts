/**
 * Turns a generated entry into what Lambda can run: a first file, and the parts that it loads, some of them only when they are needed.
 * The SDK is in it: the runtime's own copy is not faster to load, and changes under a deployed function.
 */

import { createRequire } from "node:module";
import { basename, relative, resolve } from "node:path";
import type { BuildFailure, BuildOptions, BuildResult } from "esbuild";
import { HoldfastConfigError } from "./config-error.js";
import { keptBundle } from "./kept-bundles.js";
import { packageAliases, packageRoot, requireHandlerFactory } from "./package-files.js";

/** What a user may change about the bundles of their own code. */
export interface BundlingOptions {
  /**
   * Modules that are left out of the bundle, because a layer brings them.
   * @default none
   */
  readonly external?: readonly string[];
  /**
   * Writes source maps beside the code, and has Node use them in stack traces. They cost cold-start time.
   * @default false
   */
  readonly sourceMap?: boolean;
}

/** A file of a bundle, by its name in the function's folder. */
export interface BundledFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

/**
 * Packages in CommonJS call `require` for Node's own modules, and an ES module has none. The name of the import is an
 * unlikely one, so that it cannot meet a name of the bundled code.
 */
const requireBanner = [
  'import { createRequire as holdfastCreateRequire } from "node:module";',
  "const require = holdfastCreateRequire(import.meta.url);",
].join("\n");

/** What every bundle of ours is made with, those that only print the manifest included. */
const common = {
  bundle: true,
  platform: "node",
  format: "esm",
  // The oldest Node that runs these files is a developer's, not Lambda's: the local cloud runs what is deployed.
  target: "node20",
  // Class and function names are data here: errors are recorded by class name, and error messages name functions.
  keepNames: true,
  mainFields: ["module", "main"],
  banner: { js: requireBanner },
  write: false,
  logLevel: "silent",
} satisfies BuildOptions;

/** The entry of a function that runs the user's app. */
export function appEntry(handler: string, factory: string, appFile: string): string {
  const from = requireHandlerFactory(handler);
  return [
    `import app from ${JSON.stringify(appFile)};`,
    `import { ${factory} } from ${JSON.stringify(from)};`,
    `export const handler = ${factory}(app);`,
  ].join("\n");
}

/** The entry of a function that needs nothing of the user's: their mistakes cannot stop the relay or the audit. */
export function serviceEntry(handler: string, factory: string): string {
  const from = requireHandlerFactory(handler);
  return [`import { ${factory} } from ${JSON.stringify(from)};`, `export const handler = ${factory}();`].join(
    "\n",
  );
}

/**
 * Bundles an entry for Lambda: `index.mjs`, whose `handler` is the function's, and its parts. What is imported when it is first used is a
 * part of its own: Node reads, and compiles, only what is loaded, which is a third of a cold start (docs/performance.md). The same sources
 * give the same bytes.
 */
export function bundleHandler(entry: string, options: BundlingOptions = {}): readonly BundledFile[] {
  return keptBundle(JSON.stringify([entry, options]), () => {
    const { outputFiles = [], metafile } = handlerOf(entry, options);
    const sources = Object.keys(metafile?.inputs ?? {}).filter((path) => path !== ENTRY);
    return {
      files: outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })),
      sources: sources.map((path) => resolve(packageRoot(), path)),
    };
  });
}

function handlerOf(entry: string, options: BundlingOptions): BuildResult {
  return build(entry, {
    minify: true,
    splitting: true,
    outdir: OUT,
    entryNames: "index",
    outExtension: { ".js": ".mjs" },
    external: [...(options.external ?? [])],
    sourcemap: options.sourceMap === true ? "linked" : false,
    // The sources' text would double the upload; names and lines are what a stack trace needs.
    sourcesContent: false,
    metafile: true,
  });
}

/** Nothing is written there. */
const OUT = "out";

/** As the bundler calls it. */
const ENTRY = "holdfast-entry.js";

/** Bundles a script that runs once, here, in a process of its own. */
export function bundleScript(source: string, external: readonly string[] = []): Uint8Array {
  const { outputFiles } = build(source, {
    outfile: "script.mjs",
    sourcemap: "inline",
    external: [...external],
  });
  const [file] = outputFiles ?? [];
  if (file === undefined) throw new Error("esbuild reported success and returned no file");
  return file.contents;
}

function build(entry: string, options: BuildOptions): BuildResult {
  const esbuild = loadEsbuild();
  try {
    return esbuild.buildSync({
      ...common,
      ...options,
      // Names of parts depend on it. Otherwise it is where the process was when esbuild was loaded.
      absWorkingDir: packageRoot(),
      // As `.js`, and not `.mjs`: by the latter's rules, the default export of an app that was compiled to CommonJS would be
      // its whole `exports` object.
      stdin: { contents: entry, resolveDir: packageRoot(), sourcefile: ENTRY, loader: "js" },
      alias: packageAliases(),
    });
  } catch (error) {
    throw isBuildFailure(error) ? bundlingError(error) : error;
  }
}

/** esbuild is an optional peer: only those who synthesize a stack need it. */
function loadEsbuild(): typeof import("esbuild") {
  try {
    return createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  } catch (error) {
    throw new HoldfastConfigError({
      what: "esbuild, which bundles the functions, could not be loaded.",
      expected: "the package esbuild, 0.25 or newer, beside aws-cdk-lib",
      found: error instanceof Error ? (error.message.split("\n")[0] ?? error.message) : String(error),
      next: "Run: npm install --save-dev esbuild",
    });
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function seenFromHere(file: string): string {
  return relative(process.cwd(), resolve(packageRoot(), file));
}

function bundlingError(failure: BuildFailure): HoldfastConfigError {
  const lines = failure.errors.map(({ text, location }) =>
    location === null ? text : `${seenFromHere(location.file)}:${location.line}:${location.column}: ${text}`,
  );
  return new HoldfastConfigError({
    what: "The app could not be bundled.",
    expected: "a file that esbuild can bundle, with all that it imports",
    found: lines.join("\n            "),
    next: "Correct the lines that are named; install a package that is missing, or list one that a layer brings under bundling.external.",
  });
}
