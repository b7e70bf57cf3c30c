import { EXIT } from "../exit.js";
import type { FileReport } from "../replay/replay-files.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options {
  readonly workflow: string;
  readonly json?: boolean;
}

/** `holdfast replay`: whether code still fits histories that were taken down. Asks nobody: no AWS, no local cloud. */
export const addReplay: AddCommand = (program, terminal) => {
  program
    .command("replay")
    .summary("replay histories against code, as a check before a deploy")
    .description(
      "Replays histories, as `holdfast history <id> --json` or `holdfast export` prints them, against the code in a file. No step runs.",
    )
    .argument("<history...>", "files, or folders of .json, .jsonl and .jsonl.gz files")
    .requiredOption(
      "-w, --workflow <file>",
      "TypeScript or JavaScript that exports an app or workflows; file#name chooses an export or a workflow",
    )
    .option("--json", "print JSON")
    .action(async (histories: string[], options: Options) => {
      const { historyFiles, readCodePlace, runReplays } = await import("../replay/run.js");
      const reports = runReplays(readCodePlace(options.workflow), historyFiles(histories));
      if (options.json) terminal.out(JSON.stringify(reports, null, 2));
      else print(terminal, reports);
      if (reports.some(({ ok }) => !ok)) terminal.endWith(EXIT.error);
    });
};

function print(terminal: Terminal, reports: readonly FileReport[]): void {
  const { colors } = terminal;
  for (const {
    file,
    ok,
    executionId,
    workflow,
    events,
    ended,
    waitsFor = [],
    undoable = [],
    error,
  } of reports) {
    const what = executionId === undefined ? "" : `  ${workflow} ${executionId}, ${events} events`;
    if (ok) {
      const end = ended ?? `waits for ${waitsFor.join(", ") || "nothing"}`;
      const undo = undoable.length === 0 ? "" : `, would undo ${undoable.join(", ")}`;
      terminal.out(`${colors.green("ok")}    ${file}${colors.dim(`${what}, ${end}${undo}`)}`);
      continue;
    }
    terminal.out(`${colors.red("fails")} ${file}${colors.dim(what)}`);
    if (error?.recorded === undefined) {
      terminal.out(`      ${error?.name}: ${error?.message}`);
      continue;
    }
    terminal.out(`      recorded   ${error.recorded}`);
    terminal.out(`      the code   asked for ${error.asked}`);
    terminal.out(`      matched    ${error.matched ?? "nothing before it"}`);
  }
  if (reports.length < 2) return;
  const good = reports.filter(({ ok }) => ok).length;
  terminal.out(`${good} of ${reports.length} histories fit the code`);
}
