import { Argument } from "commander";
import { SCRIPTS, SHELLS, type Shell } from "../completion/scripts.js";
import { EXIT } from "../exit.js";
import type { AddCommand } from "./command.js";

/** `holdfast completion`, and what its scripts ask behind the scenes. */
export const addCompletion: AddCommand = (program, terminal) => {
  program
    .command("completion")
    .summary("print what makes a shell complete this command's lines")
    .description(
      "Prints a script for a shell: commands, options, their choices, and the ids of executions, workflows and schedules of the deployment. For bash: source <(holdfast completion bash)",
    )
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action((shell: Shell) => {
      terminal.out(SCRIPTS[shell].trimEnd());
    });

  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(async (words: string[]) => {
      const { completionOf, fitting } = await import("../completion/candidates.js");
      const { candidates, ask, given } = completionOf(program, words.length === 0 ? [""] : words);
      const found = [...candidates];
      if (ask !== undefined) {
        const { askFor } = await import("../completion/ask.js");
        const typed = words.at(-1) ?? "";
        const prefix = typed.startsWith("--") ? `${typed.split("=", 1)[0]}=` : "";
        const quiet = { ...terminal, err: () => {}, width: undefined };
        const known = await askFor(ask, given, quiet);
        found.push(
          ...fitting(
            known.map(({ word, about }) => ({ word: prefix + word, about })),
            typed,
          ),
        );
      }
      for (const { word, about } of found) terminal.out(`${word}\t${about.split("\n", 1)[0]}`);
      terminal.endWith(EXIT.ok, "now");
    });
};
