/** What a stage is shown as: its symbol, how long it took, and why it does not go on. */
import type { StageView, WaitsFor } from "../../pipeline/client/view.js";
import type { Status } from "../../pipeline/status.js";
import { shownInstant } from "../format.js";
import type { Colors } from "../terminal.js";

const SYMBOLS: Readonly<Record<Status, string>> = {
  NOT_STARTED: "○",
  BUFFERED: "◌",
  RUNNING: "●",
  PAUSED: "‖",
  SUSPENDED: "◐",
  REDIRECT: "↪",
  SUCCEEDED: "✓",
  SKIPPED: "–",
  FAILED_CONTINUE: "!",
  TERMINAL: "✗",
  STOPPED: "■",
  CANCELED: "⊘",
};

export function symbolOf(status: Status): string {
  return SYMBOLS[status];
}

export function paintedStatus(colors: Colors, status: Status, text: string = status): string {
  switch (status) {
    case "SUCCEEDED":
      return colors.green(text);
    case "TERMINAL":
    case "STOPPED":
      return colors.red(text);
    case "FAILED_CONTINUE":
    case "CANCELED":
    case "SUSPENDED":
    case "PAUSED":
    case "BUFFERED":
      return colors.yellow(text);
    case "RUNNING":
    case "REDIRECT":
      return colors.cyan(text);
    default:
      return colors.dim(text);
  }
}

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** The two largest units: `2m 10s`; below a second in milliseconds. */
export function shownDuration(ms: number): string {
  const at = UNITS.findIndex(([, unit]) => ms >= unit);
  const [large, small] = UNITS.slice(at);
  if (at < 0 || large === undefined) return `${Math.max(0, Math.round(ms))}ms`;
  const most = Math.floor(ms / large[1]);
  const rest = small === undefined ? 0 : Math.floor((ms % large[1]) / small[1]);
  return `${most}${large[0]}${small === undefined || rest === 0 ? "" : ` ${rest}${small[0]}`}`;
}

export function nameOf({ refId, name, part }: StageView): string {
  if (part === "instance") return `instance ${refId.slice(refId.lastIndexOf("#") + 1)}`;
  if (part !== undefined) return `${part === "onFailure" ? "on failure" : part}: ${name}`;
  return name === refId ? refId : `${refId} ${name}`;
}

/** Right of its duration. */
export function asideOf({ tasks, rounds, repeats, kept, status }: StageView): string {
  const at = tasks.findIndex((task) => ["RUNNING", "SUSPENDED"].includes(task.status));
  return [
    ...(tasks.length > 1 && at >= 0 && status !== "CANCELED"
      ? [`task ${at + 1} of ${tasks.length}: ${tasks[at]?.name}`]
      : []),
    ...(rounds > 0 ? [`round ${rounds + 1}`] : []),
    ...(repeats > 0 ? [`run ${repeats + 1}`] : []),
    ...(kept ? ["kept"] : []),
  ].join(", ");
}

export interface Note {
  readonly text: string;
  readonly isError?: true;
}

/** Lines below it: what went wrong, or what would let it go on. */
export function notesOf(stage: StageView, executionId: string): Note[] {
  const { error, reason, waitsFor = [] } = stage;
  return [
    ...(error === undefined ? [] : [{ text: `${error.name}: ${error.message}`, isError: true as const }]),
    ...(reason === undefined ? [] : [{ text: reason }]),
    ...waitsFor.flatMap((wait) => wordsOf(wait, stage, executionId).map((text) => ({ text }))),
  ];
}

function wordsOf(wait: WaitsFor, { tasks }: StageView, executionId: string): string[] {
  switch (wait.for) {
    case "stages":
      // The lines above it say so.
      return [];
    case "mutex":
      return [`waits for stage ${wait.stage}, which has the same mutex`];
    case "milestone":
      return [`waits for stage ${wait.stage} to be ${wait.status}`];
    case "window":
      return ["waits for the window in which it may begin"];
    case "signal":
      return [
        `waits for a signal: holdfast pipeline signal ${argument(executionId)} ${argument(wait.stage)} --name …`,
      ];
    case "timer":
      return [`task ${wait.task} runs again at ${shownInstant(wait.at)}`];
    case "retry": {
      const { exceptions = [] } = tasks.find(({ name }) => name === wait.task) ?? {};
      const last = exceptions.at(-1);
      const failed = last === undefined ? "" : `: ${last.name}: ${last.message}`;
      return [
        `attempt ${last?.attempt ?? 1} of task ${wait.task} failed${failed}`,
        `again at ${shownInstant(wait.at)}`,
      ];
    }
    case "pipeline":
      return [
        wait.executionId === undefined
          ? `waits for pipeline ${wait.pipeline}`
          : `waits for pipeline ${wait.pipeline}: holdfast pipeline show ${argument(wait.executionId)}`,
      ];
  }
}

/** As a shell takes it. */
function argument(text: string): string {
  return /^[\w.,:@/+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
