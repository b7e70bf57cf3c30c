/** What every command line waits for: help, completion and a typing error must not load the SDK, the client or the CDK. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** All that is loaded with a file: its imports, and theirs; not what is imported when it is needed, and no types. */
function loadedWith(entry: string): Set<string> {
  const loaded = new Set<string>();
  const visit = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    if (!existsSync(file)) return;
    const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
    for (const statement of tree.statements) {
      const isImport = ts.isImportDeclaration(statement);
      if (!isImport && !ts.isExportDeclaration(statement)) continue;
      const { moduleSpecifier: from } = statement;
      if (from === undefined || !ts.isStringLiteral(from)) continue;
      if (isImport && onlyTypes(statement.importClause)) continue;
      if (!isImport && statement.isTypeOnly) continue;
      visit(from.text.startsWith(".") ? join(dirname(file), from.text.replace(/\.js$/, ".ts")) : from.text);
    }
  };
  visit(join(root, entry));
  return loaded;
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = clause.namedBindings;
  return (
    clause.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.every(({ isTypeOnly }) => isTypeOnly)
  );
}

test("the command's own tree needs two packages, and a hundred small files", () => {
  const loaded = [...loadedWith("lib/cli/main.ts")];
  const packages = loaded.filter((name) => !name.startsWith(root) && !name.startsWith("node:"));
  expect(packages.sort()).toEqual(["commander", "picocolors"]);
  const own = loaded.filter((name) => name.startsWith(root)).map((name) => name.slice(root.length + 1));
  expect(own).not.toContain("lib/client/client.ts");
  expect(own.length).toBeLessThan(120);
  // It does look: these are what commands are made of.
  expect(own).toEqual(expect.arrayContaining(["lib/cli/program.ts", "lib/cli/commands/list.ts"]));
});
