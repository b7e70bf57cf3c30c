/** docs/command.md holds every command and every option of the command's own tree and no others, and every line that a document shows parses. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, CommanderError } from "commander";
import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { EXIT } from "../../lib/cli/exit.js";
import { createProgram } from "../../lib/cli/program.js";
import { wordsOf } from "./commands.js";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/command.md"), "utf8");

function freshProgram(): Command {
  const nothing = (): void => {};
  const colors = picocolors.createColors(false);
  return createProgram({ out: nothing, err: nothing, endWith: nothing, colors, width: undefined });
}

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leavesOf(command: Command, path: readonly string[] = []): Leaf[] {
  const subs = command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== "help");
  if (subs.length === 0) return [{ path: path.join(" "), command }];
  return subs.flatMap((sub) => leavesOf(sub, [...path, sub.name()]));
}

const leaves = leavesOf(freshProgram());

/** The text below each heading of the third level, by the heading. */
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section): [string, string] => {
      const end = section.indexOf("\n");
      return [section.slice(1, end - 1), section.slice(end).split(/^## /m)[0] ?? ""];
    }),
);

/** The flags in the first column of the tables that follow a heading, up to the next one. */
function optionsUnder(text: string): string[] {
  return [...text.matchAll(/^\| `(?:-\w, )?(--[\w-]+)/gm)].map(([, long = ""]) => long);
}

function sharedOptions(anchor: string): string[] {
  const heading = `## ${anchor.charAt(0).toUpperCase()}${anchor.slice(1).replaceAll("-", " ")}`;
  const [, text] = page.split(`${heading}\n`);
  expect(text, `the page has no "${heading}"`).toBeDefined();
  return optionsUnder(text?.split(/^##/m)[0] ?? "");
}

function headingOf({ path, command }: Leaf): string {
  const places = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? ` <${name}>` : ` [${name}]`;
  });
  return `holdfast ${path}${places.join("")}`;
}

test("every command has its section, and every section its command", () => {
  expect([...sections.keys()].sort()).toEqual(leaves.map(headingOf).sort());
});

describe("the section", () => {
  test.each(leaves.map((leaf) => [headingOf(leaf), leaf] as const))("`%s`", (heading, { path, command }) => {
    const text = sections.get(heading) ?? "";
    const shared = [...text.matchAll(/\]\(#([\w-]+)\)/g)].flatMap(([, anchor = ""]) => sharedOptions(anchor));
    const json = text.includes(", `--json`.") || text.includes("Also: `--json`.") ? ["--json"] : [];
    expect([...optionsUnder(text), ...shared, ...json].sort()).toEqual(
      command.options.map(({ long }) => long).sort(),
    );
    for (const alias of command.aliases()) expect(text).toContain(`\`${alias}\``);
    // Each shows how it is typed.
    expect(text).toContain(`\nholdfast ${path}`);
  });
});

test.each(leaves)("the help of holdfast $path says what it does", ({ command }) =>
  expect(command.description()).toMatch(/\S/),
);

test("every command prints JSON, but those whose output is something else", () => {
  const without = leaves.filter(({ command }) => command.options.every(({ long }) => long !== "--json"));
  expect(without.map(({ path }) => path)).toEqual(["export", "completion"]);
});

test("the exit codes are those that there are", () => {
  const [, table = ""] = page.split("## Exit codes\n");
  const codes = [...(table.split(/^##/m)[0] ?? "").matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
    Number(code),
  );
  expect(codes).toEqual(Object.values(EXIT));
});

// ---------------------------------------------------------------- lines

/** The command lines of a document's shell blocks, those of the `holdfast` command. */
function linesOf(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) =>
    // A line that ends so goes on.
    block.replaceAll(/\s*\\\n\s*/g, " "),
  );
  return blocks
    .flatMap((block) => block.split("\n"))
    .flatMap((line) => line.replace(/\s+#.*$/, "").split(/;\s+/))
    .map((line) => line.replace(/\s+> \S+$/, "").trim())
    .filter((line) => /^(npx )?holdfast /.test(line));
}

/** Parses a line as the command does, with every action taken out. */
async function parse(line: string): Promise<string | undefined> {
  const program = freshProgram();
  for (const { command } of leavesOf(program)) command.action(() => {});
  try {
    await program.parseAsync(["node", ...wordsOf(line.replace(/^npx /, ""))]);
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    return String(error);
  }
}

const documents = ["README.md", "templates/project/README.md"].concat(
  readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
);
const shown = documents.flatMap((document) => linesOf(document).map((line) => [document, line] as const));

test("documents show lines", () => {
  const found = new Set(shown.map(([document]) => document));
  for (const document of ["README.md", "docs/command.md", "docs/messages.md"])
    expect(found).toContain(document);
});

test.each(shown)("%s: `%s` parses", async (_, line) => expect(await parse(line)).toBeUndefined());

test("a line that is wrong would be found", async () => {
  expect(await parse("holdfast list --nothing")).toContain("unknown option");
  expect(await parse("holdfast list --status asleep")).toContain("Allowed choices");
  expect(await parse("holdfast shown o-1")).toContain("unknown command");
});
