/** The directory in which blocks run: the files that a document's blocks are, and what they find beside them. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { blocksIn } from "./evaluate.js";
import { project } from "./pages.js";

/** Into the working directory: the named blocks of a document beside the README's app, and what is installed here. */
export function layOut(document: string): void {
  const readme = blocksIn("README.md")[0]?.text ?? "";
  const blocks = blocksIn(document);
  write("workflows/app.ts", readme);
  for (const { name, text } of blocks) if (name !== undefined) write(name, text);
  for (const name of ["node_modules", "functions"]) link(join(project, name), name);
  for (const { text } of blocks)
    for (const [, file = ""] of text.matchAll(/\bapp: "([^"]+)"/g))
      if (!existsSync(file)) write(file, readme);
  write("package.json", JSON.stringify({ type: "module" }));
  // Processes of their own find the project's packages by it, too.
  write("tsconfig.json", JSON.stringify({ extends: join(project, "tsconfig.json") }));
}

/** Puts a directory in the place of what stood there by that name. */
export function link(directory: string, name: string): void {
  rmSync(name, { force: true });
  symlinkSync(directory, name, "dir");
}

/** What is there already stays as old as it is: it need not be bundled again. */
function write(name: string, text: string): void {
  if (existsSync(name) && readFileSync(name, "utf8") === text) return;
  mkdirSync(dirname(name), { recursive: true });
  writeFileSync(name, text);
}
