/**
 * The documents' code. Every `ts` block of README.md and docs/*.md must compile, as one program, with the project's own settings; and the
 * tests that the README and the pages on testing and messages show must pass.
 *
 * A block that begins with a comment such as `// workflows/app.ts` is the file of that name, and the other blocks of its document may
 * import it from there.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import * as holdfast from "holdfast";
import * as testing from "holdfast/testing";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as zod from "zod";

const project = resolve(import.meta.dirname, "../..");

interface Block {
  /** Where it is compiled: a file that is only there for the compiler. */
  readonly file: string;
  readonly text: string;
  /** Of its first line, in the document. */
  readonly line: number;
  readonly document: string;
}

function blocksOf(document: string): Block[] {
  const lines = readFileSync(join(project, document), "utf8").split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] !== "```ts") continue;
    const end = lines.indexOf("```", at);
    const text = lines.slice(at + 1, end).join("\n");
    const name = /^\/\/ (\S+\.ts)$/m.exec(lines[at + 1] ?? "")?.[1] ?? `block-${at + 1}.ts`;
    // Beside this test, so that packages are found where the project has them.
    const file = join(import.meta.dirname, "blocks", basename(document, ".md"), name);
    blocks.push({ file, text, line: at + 2, document });
    at = end;
  }
  return blocks;
}

function everyDocument(): string[] {
  const under = (directory: string) =>
    readdirSync(join(project, directory), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(directory, name));
  return ["README.md", ...under("docs")];
}

/** The compiler's complaints about the blocks, told by where they stand in their documents. */
function complaints(blocks: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
  const settings = { ...options, moduleDetection: ts.ModuleDetectionKind.Force };
  const byFile = new Map(blocks.map((block) => [block.file, block]));
  const host = ts.createCompilerHost(settings);
  // Comments are most of what the CDK's declarations are made of, and say nothing about types.
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.fileExists = (file) => byFile.has(resolve(file)) || fileExists(file);
  host.directoryExists = (directory) =>
    blocks.some(({ file }) => dirname(file).startsWith(resolve(directory))) ||
    (directoryExists?.(directory) ?? true);
  host.readFile = (file) => byFile.get(resolve(file))?.text ?? readFile(file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const block = byFile.get(resolve(file));
    return block === undefined
      ? getSourceFile(file, languageVersion, ...rest)
      : ts.createSourceFile(file, block.text, languageVersion);
  };
  const program = ts.createProgram([...byFile.keys()], settings, host);
  return [...byFile].flatMap(([file, { document, line }]) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start = 0 }) => {
        const within = source?.getLineAndCharacterOfPosition(start).line ?? 0;
        return `${document}:${line + within}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
      },
    );
  });
}

/** Runs a block with the modules that it imports, and gives what it exports. */
function run(block: Block, modules: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { outputText } = ts.transpileModule(block.text, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports: Record<string, unknown> = {};
  const load = (name: string): unknown => {
    if (Object.hasOwn(modules, name)) return modules[name];
    throw new Error(`The block imports "${name}", which this test does not hand over.`);
  };
  new Function("exports", "require", outputText)(exports, load);
  return exports;
}

function named(document: string, name: string): Block {
  const block = blocksOf(document).find(({ file }) => file.endsWith(`/${name}`));
  if (block === undefined) throw new Error(`${document} has no block that begins with: // ${name}`);
  return block;
}

describe("the documents", () => {
  it("show code that compiles", { timeout: 120_000 }, () => {
    const blocks = everyDocument().flatMap(blocksOf);
    expect(blocks.length).toBeGreaterThanOrEqual(4);
    expect(complaints(blocks)).toEqual([]);
  });

  it("link to files that are there", () => {
    const missing = everyDocument().flatMap((document) => {
      const text = readFileSync(join(project, document), "utf8");
      return [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].flatMap(([, target = ""]) => {
        const there =
          target.startsWith("https://") || existsSync(resolve(project, dirname(document), target));
        return there ? [] : [`${document}: ${target}`];
      });
    });
    expect(missing).toEqual([]);
  });
});

describe("the README's first workflow", () => {
  const block = named("README.md", "workflows/app.ts");

  it("has at most twenty lines", () => {
    expect(block.text.split("\n").length).toBeLessThanOrEqual(20);
  });

  it("does what the README's test says", async () => {
    await runTest(named("README.md", "test/order.test.ts"), run(block, { holdfast, zod }));
  });
});

describe("the page on testing", () => {
  it.each(["order", "declined", "crash"])("shows a test that passes: %s", async (name) => {
    const shop = run(named("docs/testing.md", "workflows/app.ts"), { holdfast });
    await runTest(named("docs/testing.md", `test/${name}.test.ts`), shop);
  });
});

describe("the page on messages", () => {
  it.each(["direct", "broadcast", "competing"])("shows a test that passes: %s", async (name) => {
    const shown = run(named("docs/messages.md", "workflows/app.ts"), { holdfast });
    await runTest(named("docs/messages.md", `test/${name}.test.ts`), shown);
  });
});

/** Runs the one test of a block against the app that its document shows. */
async function runTest(block: Block, shop: Readonly<Record<string, unknown>>): Promise<void> {
  const tests: (() => Promise<void>)[] = [];
  run(block, {
    holdfast,
    "holdfast/testing": testing,
    "../workflows/app.js": { __esModule: true, ...shop },
    vitest: { expect, test: (_name: string, body: () => Promise<void>) => tests.push(body) },
  });
  expect(tests).toHaveLength(1);
  for (const body of tests) await body();
}
