import type { HistoryEntry } from "../../client/types.js";
import { decode, type Encoded } from "../../model/value.js";
import { shownInstant, shownValue } from "../format.js";
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
      const client = await connect(options, terminal);
      const history = await client.history(id);
      // As stored: a marked value must not be mistaken for a user's own object by whoever reads it back.
      if (options.json) return terminal.out(JSON.stringify(history, null, 2));
      printTable(
        terminal,
        [
          { title: "SLOT", paint: terminal.colors.dim },
          { title: "AT" },
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

/** What an event says beyond its type and its operation, in a few words. */
export function detailOf(event: HistoryEntry["event"]): string {
  switch (event.type) {
    case "ExecutionStarted":
      return stored(event.input);
    case "StepStarted":
      return attempt(event.attempt);
    case "StepCompleted":
      return [
        event.result === undefined ? "" : stored(event.result),
        event.attempt > 1 ? attempt(event.attempt) : "",
      ]
        .filter((part) => part !== "")
        .join(", ");
    case "StepAttemptFailed":
      return `${error(event.error)}, ${attempt(event.attempt)}, again at ${shownInstant(event.retryAt)}`;
    case "StepFailed":
      return `${error(event.error)}, ${attempt(event.attempt)}`;
    case "EventReceived":
      return event.message?.kind === "event" ? stored(event.message.data) : event.messageId;
    case "EventSent":
      return `${event.name}, id ${event.eventId}`;
    case "MessageBuffered":
      return event.message.kind === "event"
        ? `${event.message.name}, ${stored(event.message.data)}`
        : "cancel";
    case "CancelRequested":
      return event.reason ?? "";
    case "CompensationStarted":
      return error(event.error);
    case "ExecutionStalled":
      return event.reason;
    case "LeaseTaken":
      return `epoch ${event.epoch}`;
    case "ExecutionFailed":
    case "ExecutionCancelled":
      return event.compensation === "none" ? "" : `compensation ${event.compensation}`;
    case "ExecutionCompleted":
    case "TimerFired":
    case "WaitTimedOut":
      return "";
  }
}

function stored(value: Encoded): string {
  return shownValue(decode(value));
}

function error(value: Encoded): string {
  const thrown = decode(value);
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : shownValue(thrown);
}

function attempt(number: number): string {
  return `attempt ${number}`;
}
