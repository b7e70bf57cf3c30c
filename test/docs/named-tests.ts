/** The tests that a page names, as `` `test/….ts › name` ``, and whether they are there. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";

export const project = resolve(import.meta.dirname, "../..");

export interface NamedTest {
  readonly file: string;
  readonly name: string;
}

export function testsNamedIn(page: string): readonly NamedTest[] {
  return [...page.matchAll(/`(test\/[^`]*\.ts) › ([^`]+)`/g)].map(([, file = "", name = ""]) => ({
    file,
    name,
  }));
}

const known = new Map<string, readonly string[]>();

/** The names of a file's tests, as they are written there: those of `it.each` with their placeholders. */
export function testsIn(file: string): readonly string[] {
  const names = known.get(file) ?? readTests(join(project, file));
  known.set(file, names);
  return names;
}

export function missingOf(named: readonly NamedTest[]): readonly NamedTest[] {
  return named.filter(({ file, name }) => !testsIn(file).includes(name));
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
