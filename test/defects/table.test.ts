/** The page on known defects: each test that it names is there, and each test of this folder is on it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const project = resolve(import.meta.dirname, "../..");

const known = new Map<string, readonly string[]>();

/** The names of a file's tests, as they are written there: those of `it.each` with their placeholders. */
function testsIn(file: string): readonly string[] {
  const names = known.get(file) ?? readTests(join(project, file));
  known.set(file, names);
  return names;
}

function readTests(path: string): string[] {
  if (!existsSync(path)) return [];
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [name] = node.arguments;
      if (/^(it|test)\b/.test(calleeOf(node)) && name !== undefined && ts.isStringLiteralLike(name))
        names.push(name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ESNext));
  return names;
}

/** What a call's name begins with: `it` of `it.each(...)("...", ...)`. */
function calleeOf({ expression }: ts.CallExpression): string {
  let callee: ts.Expression = expression;
  while (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) callee = callee.expression;
  return ts.isIdentifier(callee) ? callee.text : "";
}

const page = readFileSync(join(project, "docs/defects.md"), "utf8");
const named = [...page.matchAll(/`(test\/[^`]*\.ts) › ([^`]+)`/g)].map(([, file = "", name = ""]) => ({
  file,
  name,
}));

describe("the page on known defects", () => {
  it("names tests that are there", () => {
    expect(named.length).toBeGreaterThan(60);
    const missing = named.filter(({ file, name }) => !testsIn(file).includes(name));
    expect(missing).toEqual([]);
  });

  it("has a test for each defect that could be met here", () => {
    const rows = page.split("\n").filter((line) => /^\| [^|]+ \| [^|]+ \| .+ \|$/.test(line));
    const bare = rows.filter((row) => !row.includes(" › ") && !row.endsWith("| Shown by |"));
    expect(bare).toEqual([]);
    expect(rows.length).toBeGreaterThan(50);
  });

  it("has every test of this folder", () => {
    const own = basename(import.meta.filename);
    const files = readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith(".test.ts") && name !== own,
    );
    const left = files.flatMap((file) => {
      const told = named.filter((one) => one.file === `test/defects/${file}`).map(({ name }) => name);
      return testsIn(`test/defects/${file}`).filter((name) => !told.includes(name));
    });
    expect(left).toEqual([]);
  });
});
