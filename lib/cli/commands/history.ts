import type { HistoryEntry } from "../../client/types.js";
import { shownInstant } from "../format.js";
import { detailOf } from "../history-event.js";
import { checkIdArgument } from "../input.js";
import { printTable } from "../table.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

/** `holdfast history` */
export const addHistory: AddCommand = (program, terminal) => {
  withTarget(program.command("history"))
    .summary("show everything that happened in an execution")
    .description("Shows everything that happened in an execution, in order.")
    .argument("<id>", "the execution's id")
    .option("--json", "print JSON: the events as they are stored")
    .action(async (id: string, options: TargetOptions & { readonly json?: boolean }) => {
      checkIdArgument(id);
      const client = await connect(options, terminal);
      const history = await client.history(id);
      // As stored: a marked value must not be mistaken for a user's own object by whoever reads it back.
      if (options.json) return terminal.out(JSON.stringify(history, null, 2));
      printTable(
        terminal,
        [
          { title: "SLOT", paint: terminal.colors.dim },
          { title: "AT", instants: true },
          {
            title: "EVENT",
            paint: (cell) => (/Failed|TimedOut|Cancel/.test(cell) ? terminal.colors.red(cell) : cell),
          },
          { title: "OF", shrinks: true },
          { title: "DETAIL", shrinks: true },
        ],
        history.map(rowOf),
      );
    });
};

function rowOf({ slot, event }: HistoryEntry): string[] {
  const of = "op" in event ? event.op : event.type === "ExecutionStarted" ? event.workflow : "";
  return [String(slot), shownInstant(event.at), event.type, of, detailOf(event)];
}
