/** What may stand where a command line ends: read off the command's own tree, so that it can't be behind it. */
import type { Argument, Command, Option } from "commander";

export interface Candidate {
  readonly word: string;
  /** For shells that show it. */
  readonly about: string;
}

/** What only the deployment knows. */
export type Asked = "executions" | "workflows" | "schedules";

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** What the deployment is to be asked for. */
  readonly ask?: Asked;
  /** The options that were given before, by their long names: they say which deployment. One that takes no value has an empty one. */
  readonly given: ReadonlyMap<string, string>;
}

/** @param words behind the program's name; the last one is the one that is being typed, and may be empty */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? "";
  const given = new Map<string, string>();
  let command = program;
  let positional = 0;
  let pending: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined && !word.startsWith("-")) {
      given.set(pending.long ?? "", word);
      if (!pending.variadic) pending = undefined;
      continue;
    }
    pending = undefined;
    if (word.startsWith("-") && word !== "-") {
      const [flag = "", value] = word.split("=", 2);
      const option = command.options.find(({ long, short }) => flag === long || flag === short);
      if (option === undefined) continue;
      if (option.isBoolean()) given.set(option.long ?? "", "");
      else if (value === undefined) pending = option;
      else given.set(option.long ?? "", value);
      continue;
    }
    const sub = positional === 0 ? subOf(command, word) : undefined;
    if (sub === undefined) positional += 1;
    else command = sub;
  }
  const [flag = "", value] = typed.startsWith("--") ? typed.split("=", 2) : [];
  if (value !== undefined) {
    const option = command.options.find(({ long }) => long === flag);
    if (option === undefined) return { candidates: [], given };
    const { candidates, ask } = valuesOf(option, command);
    const whole = candidates.map(({ word, about }) => ({ word: `${flag}=${word}`, about }));
    return { ...answer(whole, typed, ask), given };
  }
  if (typed.startsWith("-")) return { ...answer(optionsOf(command), typed), given };
  if (pending !== undefined) {
    const { candidates, ask } = valuesOf(pending, command);
    const found = answer(candidates, typed, ask);
    // One whose value may be left out, or that takes several, may be followed by anything.
    const more =
      pending.required && !pending.variadic ? [] : fitting(placesOf(command, positional).candidates, typed);
    return { ...found, candidates: [...found.candidates, ...more], given };
  }
  const { candidates, ask } = placesOf(command, positional);
  return { ...answer(candidates, typed, ask), given };
}

function answer(
  candidates: readonly Candidate[],
  typed: string,
  ask?: Asked,
): { readonly candidates: readonly Candidate[]; readonly ask?: Asked } {
  return { candidates: fitting(candidates, typed), ...(ask === undefined ? {} : { ask }) };
}

export function fitting(candidates: readonly Candidate[], typed: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(typed));
}

interface Known {
  readonly candidates: readonly Candidate[];
  readonly ask?: Asked;
}

function subOf(command: Command, word: string): Command | undefined {
  return command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word));
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) =>
      long === undefined || long === null ? [] : [{ word: long, about: description }],
    );
}

/** Subcommands, or what the next argument may be. */
function placesOf(command: Command, positional: number): Known {
  if (command.commands.length > 0 && positional === 0) {
    const subs = command.createHelp().visibleCommands(command);
    return {
      candidates: subs.map((sub) => ({ word: sub.name(), about: sub.summary() || sub.description() })),
    };
  }
  const all = command.registeredArguments;
  const argument = all[positional] ?? all.findLast(({ variadic }) => variadic);
  if (argument === undefined) return { candidates: [] };
  const asked = askedBy(argument, command);
  return { candidates: choicesOf(argument.argChoices), ...(asked === undefined ? {} : { ask: asked }) };
}

function valuesOf(option: Option, command: Command): Known {
  const isWorkflow =
    option.flags.includes("<name>") && ["--workflow", "--pipeline"].includes(option.long ?? "");
  return {
    candidates: choicesOf(option.argChoices),
    ...(isWorkflow && command.name() !== "replay" ? { ask: "workflows" as const } : {}),
  };
}

function choicesOf(choices: readonly string[] | undefined): Candidate[] {
  return (choices ?? []).map((word) => ({ word, about: "" }));
}

/** By what the tree calls it. */
function askedBy(argument: Argument, command: Command): Asked | undefined {
  switch (argument.name()) {
    case "id":
      return command.parent?.name() === "schedules" ? "schedules" : "executions";
    case "workflow":
    case "pipeline":
      return "workflows";
    default:
      return undefined;
  }
}
