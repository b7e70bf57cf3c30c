import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

/**
 * Imports point downward only. For each folder of `lib/`: what it may import besides itself. A name with a slash is a single file or a
 * folder in another one; everything not named here is refused.
 */
const MAY_IMPORT: Record<string, { readonly lib: readonly string[]; readonly packages: readonly string[] }> =
  {
    model: { lib: [], packages: ["node:crypto", "node:zlib", "node:net"] },
    define: { lib: ["model"], packages: ["@standard-schema/spec"] },
    replay: { lib: ["define", "model"], packages: ["node:crypto", "node:async_hooks"] },
    decide: { lib: ["define", "model"], packages: [] },
    store: { lib: ["model"], packages: ["node:crypto"] },
    "store/memory": { lib: ["store", "model"], packages: ["node:crypto"] },
    "store/dynamodb": {
      lib: ["store", "decide/payload", "model"],
      packages: ["node:crypto", "@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb"],
    },
    otel: { lib: ["define", "model"], packages: ["@opentelemetry/api"] },
    pipeline: { lib: ["define", "model"], packages: ["@marcbachmann/cel-js"] },
    "pipeline/client": {
      lib: [
        ...["pipeline", "client/client", "client/control", "client/messages", "client/types"],
        ...["testing/replay-history", "replay/path", "decide/pauses", "define", "model"],
      ],
      packages: [],
    },
    runtime: { lib: ["decide", "define", "replay", "store/ports", "model"], packages: ["node:crypto"] },
  };

/** What a folder may know of another's types without importing any of its code. */
const MAY_IMPORT_TYPES: Record<string, readonly string[]> = {
  decide: ["replay"],
};

/** The outermost ring, and the store that is made of it: everything else reaches AWS through ports. */
const KNOWING_AWS = ["lib/aws", "lib/cli", "lib/local", "lib/store/dynamodb"];

/** Folders whose code must give the same answer at any time, on any machine (I9). */
const PURE = ["model", "define", "replay", "decide", "pipeline"];

const IMPURE: readonly { readonly what: string; readonly found: (node: ts.Node) => boolean }[] = [
  { what: "Date.now()", found: (node) => isMember(node, "Date", "now") },
  { what: "new Date()", found: (node) => isNew(node, "Date") && (node.arguments?.length ?? 0) === 0 },
  { what: "Math.random()", found: (node) => isMember(node, "Math", "random") },
  { what: "crypto.randomUUID()", found: (node) => isIdentifier(node, "randomUUID", "randomBytes") },
  { what: "performance.now()", found: (node) => isMember(node, "performance", "now") },
  { what: "process.hrtime()", found: (node) => isMember(node, "process", "hrtime") },
  { what: "a timer", found: (node) => isIdentifier(node, "setTimeout", "setInterval") },
  { what: "process.env", found: (node) => isMember(node, "process", "env") },
];

/** A file is read as a whole: longer than this, it is two. */
const LONGEST_FILE = 450;

/** A function parses, calls and reports. */
const LONGEST_FUNCTION_FILE = 150;

// ---------------------------------------------------------------- the code under these rules

interface Import {
  /** A path from the repository's root, or a package's name. */
  readonly target: string;
  readonly typeOnly: boolean;
}

interface Source {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly tree: ts.SourceFile;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = ["lib", "functions", "infra"].flatMap((folder) => sourcesIn(folder));
const filesUnder = (...folders: string[]): Source[] =>
  sources.filter(({ path }) => folders.some((folder) => isWithin(path, folder)));

describe("imports point downward only", () => {
  it.each(Object.keys(MAY_IMPORT))("lib/%s imports what stands below it, and nothing else", (folder) => {
    const files = filesUnder(`lib/${folder}`).filter(({ path }) => ruleOf(path) === folder);
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((file) => refusedImports(file, folder))).toEqual([]);
  });

  it(`no folder but ${KNOWING_AWS.join(", ")} knows an AWS SDK`, () => {
    const knowing = filesUnder("lib").filter(({ imports }) =>
      imports.some(({ target }) => target.startsWith("@aws-sdk/")),
    );
    const others = knowing.filter(({ path }) => !KNOWING_AWS.some((folder) => isWithin(path, folder)));
    expect(others.map(({ path }) => path)).toEqual([]);
  });

  it("nothing but lib/otel knows OpenTelemetry, so that nothing else needs it", () => {
    const knowing = sources.filter(({ imports }) =>
      imports.some(({ target }) => target.startsWith("@opentelemetry/") || isWithin(target, "lib/otel")),
    );
    expect(knowing.map(({ path }) => path).filter((path) => !isWithin(path, "lib/otel"))).toEqual([]);
    expect(knowing.length).toBeGreaterThan(0);
  });

  it("nothing that ships imports a test", () => {
    expect(
      sources.flatMap((file) =>
        file.imports
          .filter(({ target }) => isWithin(target, "test"))
          .map(({ target }) => `${file.path} → ${target}`),
      ),
    ).toEqual([]);
  });

  it("nothing in lib/ imports functions/ or infra/, which stand on it", () => {
    expect(
      filesUnder("lib").flatMap((file) =>
        file.imports
          .filter(({ target }) => isWithin(target, "functions") || isWithin(target, "infra"))
          .map(({ target }) => `${file.path} → ${target}`),
      ),
    ).toEqual([]);
  });

  it("no files of lib/ import each other in a circle", () => {
    expect(circlesAmong(filesUnder("lib"))).toEqual([]);
  });
});

describe("time, randomness and the environment are arguments", () => {
  it.each(IMPURE)("no pure folder uses $what", ({ found }) => {
    const files = filesUnder(...PURE.map((folder) => `lib/${folder}`));
    expect(files.flatMap((file) => placesOf(file, found))).toEqual([]);
  });

  it("lib/runtime takes them from its ports, too", () => {
    const files = filesUnder("lib/runtime");
    expect(files.flatMap((file) => IMPURE.flatMap(({ found }) => placesOf(file, found)))).toEqual([]);
  });
});

describe("a file can be read as a whole", () => {
  it(`no file in lib/ is longer than ${LONGEST_FILE} lines`, () => {
    const tooLong = filesUnder("lib").filter(({ lines }) => lines > LONGEST_FILE);
    expect(tooLong.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it(`no function is longer than ${LONGEST_FUNCTION_FILE} lines`, () => {
    const handlers = filesUnder("functions").filter(({ path }) => posix.dirname(path) === "functions");
    expect(handlers.length).toBeGreaterThan(0);
    const tooLong = handlers.filter(({ lines }) => lines > LONGEST_FUNCTION_FILE);
    expect(tooLong.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });
});

// ---------------------------------------------------------------- how they are checked

/** The narrowest folder with a rule that holds the file. */
function ruleOf(path: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((folder) => isWithin(path, `lib/${folder}`))
    .sort((a, b) => b.length - a.length)[0];
}

function refusedImports(file: Source, folder: string): string[] {
  const rule = MAY_IMPORT[folder];
  const allowed = [folder, ...(rule?.lib ?? [])];
  const types = MAY_IMPORT_TYPES[folder] ?? [];
  return file.imports
    .filter(({ target, typeOnly }) => {
      if (!target.startsWith("lib/")) return !rule?.packages.includes(target);
      // A folder with a rule of its own must be named: `store` alone does not open `store/dynamodb`.
      const place = ruleOf(target) ?? target.slice("lib/".length);
      const within = (name: string) => name === place || name === stem(target);
      return !allowed.some(within) && !(typeOnly && types.some(within));
    })
    .map(({ target }) => `${file.path} → ${target}`);
}

function placesOf(file: Source, found: (node: ts.Node) => boolean): string[] {
  const places: string[] = [];
  const visit = (node: ts.Node): void => {
    if (found(node)) {
      places.push(`${file.path}:${file.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file.tree);
  return places;
}

/** Circles of imports that exist at run time; types may refer to each other. */
function circlesAmong(files: readonly Source[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) {
      circles.push([...above.slice(above.indexOf(path)), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (!typeOnly) walk(target, [...above, path]);
    }
    done.add(path);
  };
  for (const path of byPath.keys()) walk(path, []);
  return circles;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => sourceAt(join(entry.parentPath, entry.name)));
}

function sourceAt(absolute: string): Source {
  const path = relative(root, absolute);
  const text = readFileSync(absolute, "utf8");
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return { path, lines: text.trimEnd().split("\n").length, imports: importsOf(tree, path), tree };
}

/** Static imports, re-exports, `import()` and `typeof import()`. */
function importsOf(tree: ts.SourceFile, path: string): Import[] {
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      imports.push({ target: targetOf(specifier.text, path), typeOnly });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return imports;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

function targetOf(specifier: string, from: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return relative(root, resolve(root, dirname(from), specifier)).replace(/\.js$/, ".ts");
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
const stem = (path: string): string => path.replace(/^lib\//, "").replace(/\.ts$/, "");

const isIdentifier = (node: ts.Node, ...names: string[]): boolean =>
  ts.isIdentifier(node) && names.includes(node.text);
const isMember = (node: ts.Node, object: string, member: string): boolean =>
  ts.isPropertyAccessExpression(node) && isIdentifier(node.expression, object) && node.name.text === member;
const isNew = (node: ts.Node, type: string): node is ts.NewExpression =>
  ts.isNewExpression(node) && isIdentifier(node.expression, type);
