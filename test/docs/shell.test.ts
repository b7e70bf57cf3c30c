/**
 * The documents' command lines: those of `holdfast` are parsed by the command's own parser, scripts of npm are in package.json, and what needs
 * an AWS account stands in blocks that say so (```sh aws). Nothing is run.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import picocolors from "picocolors";
import { expect, it } from "vitest";
import { createProgram } from "../../lib/cli/program.js";
import { commandsIn } from "./command-lines.js";
import { blocksOf, placeOf, project, writtenDocuments } from "./pages.js";

/** Whose scripts the documents may name: this project's, and those that a new project gets. */
const MANIFESTS = ["package.json", "templates/project/package.json"];

const blocks = writtenDocuments()
  .flatMap(blocksOf)
  .filter(({ language }) => language.split(" ")[0] === "sh");

const commands = blocks.flatMap((block) => commandsIn(block).map((words) => ({ block, words })));

/** Of a command with `npx` or without it. */
function argumentsOf(name: string, words: readonly string[]): readonly string[] | undefined {
  const bare = words[0] === "npx" ? words.slice(1) : words;
  return bare[0] === name ? bare.slice(1) : undefined;
}

/** The command line's parser, which then does nothing. */
function parser(): Command {
  const program = createProgram({
    out: () => {},
    err: () => {},
    endWith: () => {},
    colors: picocolors.createColors(false),
    width: undefined,
  });
  const silence = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => {});
    for (const each of command.commands) silence(each);
  };
  silence(program);
  return program;
}

it("holdfast's own are what the command understands", async () => {
  const failures: string[] = [];
  let parsed = 0;
  for (const { block, words } of commands) {
    const given = argumentsOf("holdfast", words);
    // A shell function of the page hands on what it is given.
    if (given === undefined || given.includes("$@")) continue;
    parsed++;
    try {
      await parser().parseAsync(["node", "holdfast", ...given]);
    } catch (error) {
      failures.push(`${placeOf(block)}: holdfast ${given.join(" ")}: ${String(error)}`);
    }
  }
  expect(parsed).toBeGreaterThan(15);
  expect(failures).toEqual([]);
});

it("npm's name scripts that are there", () => {
  const scripts = MANIFESTS.flatMap((file) => Object.keys(scriptsOf(file)));
  const named = commands.flatMap(({ block, words }) => {
    if (words[0] !== "npm") return [];
    const script = words[1] === "run" ? words[2] : words[1] === "test" ? "test" : undefined;
    return script === undefined ? [] : [{ block, script }];
  });
  expect(named.length).toBeGreaterThan(5);
  const missing = named.filter(({ script }) => !scripts.includes(script));
  expect(missing.map(({ block, script }) => `${placeOf(block)}: ${script}`)).toEqual([]);
});

it("what needs an AWS account says so", () => {
  const needing = blocks.filter((block) => commandsIn(block).some(needsAccount));
  expect(needing.length).toBeGreaterThan(3);
  const silent = needing.filter(({ language }) => language !== "sh aws");
  expect(silent.map(placeOf)).toEqual([]);
});

function needsAccount(words: readonly string[]): boolean {
  const [verb = ""] = argumentsOf("cdk", words) ?? [];
  return words[0] === "aws" || ["bootstrap", "deploy", "destroy"].includes(verb);
}

function scriptsOf(file: string): Readonly<Record<string, string>> {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(join(project, file), "utf8"),
  );
  return scripts;
}
