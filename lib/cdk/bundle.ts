/**
 * Turns a generated entry into what Lambda can run: a first file, and the parts that it loads when they are needed (`parts.ts`). The SDK is
 * in it: the runtime's own copy is not faster to load, and changes under a deployed function.
 */

import { createRequire } from "node:module";
import { basename, relative, resolve } from "node:path";
import type { BuildFailure, BuildOptions, BuildResult, Metafile } from "esbuild";
import { HoldfastConfigError } from "./config-error.js";
import { kept } from "./kept-bundles.js";
import { packageAliases, packageFile, packageRoot, requireHandlerFactory } from "./package-files.js";
import { type Part, partFile, partsLeftOut, partsNeeded, SHARED } from "./parts.js";

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

/** Where a bundle begins. */
export interface Entry {
  /** Source text. */
  readonly source: string;
  /** Parts that share code with the first file. */
  readonly shared: readonly Part[];
}

/** The entry of a function that runs the user's app. */
export function appEntry(handler: string, factory: string, appFile: string): Entry {
  return entryOf(handler, factory, [`import app from ${JSON.stringify(appFile)};`], "app");
}

/** The entry of a function that needs nothing of the user's: their mistakes cannot stop the relay or the audit. */
export function serviceEntry(handler: string, factory: string): Entry {
  return entryOf(handler, factory, [], "");
}

function entryOf(handler: string, factory: string, imports: readonly string[], given: string): Entry {
  const from = requireHandlerFactory(handler);
  const source = [
    ...imports,
    `import { ${factory} } from ${JSON.stringify(from)};`,
    `export const handler = ${factory}(${given});`,
  ].join("\n");
  return { source, shared: SHARED[handler] ?? [] };
}

/**
 * Bundles an entry for Lambda: `index.mjs`, whose `handler` is the function's, and its parts. The same sources give the same bytes.
 */
export function bundleHandler(entry: Entry, options: BundlingOptions = {}): readonly BundledFile[] {
  const built = [kept([entry, options], () => handlerOf(entry, options))];
  const parts = new Set<Part>();
  // A part needs others, too.
  for (const { needs } of built) {
    for (const part of needs.filter((one) => !parts.has(one))) {
      parts.add(part);
      built.push(kept([part, options], () => partOf(part, options)));
    }
  }
  const files = built.flatMap((one) => one.files);
  return parts.size === 0 ? files : [...files, PARTS_ARE_MODULES];
}

/** Node takes a file for an ES module by its name, or by this. */
const PARTS_ARE_MODULES: BundledFile = {
  name: "package.json",
  contents: Buffer.from(`${JSON.stringify({ type: "module" })}\n`),
};

interface Built {
  readonly files: readonly BundledFile[];
  /** Paths of what they were made of. */
  readonly sources: readonly string[];
  readonly needs: readonly Part[];
}

function handlerOf({ source, shared }: Entry, options: BundlingOptions): Built {
  return built({
    ...deployed(options),
    ...beginningAt(source),
    entryNames: "index",
    outExtension: { ".js": ".mjs" },
    // What an app imports when it is needed is read then, too.
    splitting: true,
    external: [...partsLeftOut(shared), ...(options.external ?? [])],
  });
}

function partOf(part: Part, options: BundlingOptions): Built {
  return built({
    ...deployed(options),
    // What looks for credentials everywhere needs the original, and not what stands in for it.
    alias: part === "credentials" ? {} : aliases(),
    entryPoints: [packageFile("lib", "aws", partFile(part).replace(/\.js$/, ""))],
    external: [...partsLeftOut([part]), ...(options.external ?? [])],
  });
}

function built(options: BuildOptions): Built {
  const { outputFiles = [], metafile } = build(options);
  return {
    files: outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })),
    sources: Object.keys(metafile.inputs)
      .filter((path) => path !== ENTRY)
      .map((path) => resolve(packageRoot(), path)),
    needs: partsNeeded(metafile),
  };
}

const deployed = (options: BundlingOptions) =>
  ({
    minify: true,
    outdir: OUT,
    alias: aliases(),
    sourcemap: options.sourceMap === true ? "linked" : false,
    // The sources' text would double the upload; names and lines are what a stack trace needs.
    sourcesContent: false,
  }) satisfies BuildOptions;

/** Of the bundles that Lambda runs. */
const aliases = (): Record<string, string> => ({
  ...packageAliases(),
  "@aws-sdk/credential-provider-node": packageFile("lib", "aws", "function-credentials"),
});

/** Nothing is written there. */
const OUT = "out";

/** As the bundler calls it. */
const ENTRY = "holdfast-entry.js";

/** Bundles a script that runs once, here, in a process of its own. */
export function bundleScript(source: string, external: readonly string[] = []): Uint8Array {
  const { outputFiles } = build({
    ...beginningAt(source),
    outfile: "script.mjs",
    alias: packageAliases(),
    sourcemap: "inline",
    external: [...external],
  });
  const [file] = outputFiles ?? [];
  if (file === undefined) throw new Error("esbuild reported success and returned no file");
  return file.contents;
}

// As `.js`, and not `.mjs`: by the latter's rules, the default export of an app that was compiled to CommonJS would be its whole `exports`
// object.
const beginningAt = (contents: string) =>
  ({
    stdin: { contents, resolveDir: packageRoot(), sourcefile: ENTRY, loader: "js" },
  }) satisfies BuildOptions;

function build(options: BuildOptions): BuildResult & { readonly metafile: Metafile } {
  const esbuild = loadEsbuild();
  try {
    // Names of split files depend on the folder. Otherwise it is where the process was when esbuild was loaded.
    return esbuild.buildSync({ ...common, ...options, metafile: true, absWorkingDir: packageRoot() });
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
