/** Replays files of history against the exports of a module. Runs in a process of its own, beside the user's code (`run.ts`). */
import type { App } from "../../define/app.js";
import type { AnyWorkflow } from "../../define/workflow.js";
import { NonDeterminismError } from "../../model/errors.js";
import type { ErrorClass } from "../../model/value.js";
import { recordingOf, replayHistory } from "../../testing/replay-history.js";
import { historiesIn } from "./histories.js";

/** What became of one history. */
export interface FileReport {
  /** Where it was read from; of several in one export, with the execution's id behind a #. */
  readonly file: string;
  readonly ok: boolean;
  readonly executionId?: string;
  readonly workflow?: string;
  readonly events?: number;
  /** How the history ends; absent when it does not. */
  readonly ended?: string;
  /** What the code waits for where the history stops. */
  readonly waitsFor?: readonly string[];
  /** The steps that would be undone if it failed there, in that order. */
  readonly undoable?: readonly string[];
  readonly error?: ReplayError;
}

export interface ReplayError {
  readonly name: string;
  readonly message: string;
  /** Of a divergence: what was recorded, what the code asked for instead, and the last event that still matched. */
  readonly recorded?: string;
  readonly asked?: string;
  readonly matched?: string;
}

/** @param chosen an export or a workflow's name; without it each history's own workflow is taken */
export async function replayFiles(
  module: Readonly<Record<string, unknown>>,
  chosen: string | undefined,
  files: readonly string[],
): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  for (const file of files)
    for (const { place, read } of historiesIn(file))
      reports.push(await replayOne(module, chosen, place, read));
  return reports;
}

async function replayOne(
  module: Readonly<Record<string, unknown>>,
  chosen: string | undefined,
  file: string,
  read: () => unknown,
): Promise<FileReport> {
  let about: Pick<FileReport, "executionId" | "workflow" | "events"> = {};
  try {
    const history = read();
    const { recording, name } = recordingOf(history);
    about = { executionId: recording.executionId, workflow: name, events: recording.history.length };
    const { workflow, errors } = codeFor(module, chosen, name);
    // `recordingOf` has seen that it is a list of entries.
    const replayed = await replayHistory(history as Parameters<typeof replayHistory>[0], workflow, {
      errors,
    });
    const { ended, waitsFor, undoable } = replayed;
    return { file, ok: true, ...about, ...(ended === undefined ? {} : { ended }), waitsFor, undoable };
  } catch (error) {
    return { file, ok: false, ...about, error: told(error) };
  }
}

function told(error: unknown): ReplayError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  if (!(error instanceof NonDeterminismError)) return { name, message };
  const { recorded, asked, matched } = error;
  return { name, message, recorded, asked, ...(matched === undefined ? {} : { matched }) };
}

interface Code {
  readonly workflow: AnyWorkflow;
  readonly errors: readonly ErrorClass[];
}

/** The workflow that is meant: an export of that name, or one of that name among the exports and in the apps among them. */
function codeFor(
  module: Readonly<Record<string, unknown>>,
  chosen: string | undefined,
  recorded: string,
): Code {
  const exported = Object.values(module);
  const apps = exported.filter(isApp);
  const errors = [...new Set(apps.flatMap((app) => [...app.errors.values()]))];
  const named = chosen === undefined ? undefined : module[chosen];
  if (isWorkflow(named)) return { workflow: named, errors };
  const [from, name] = isApp(named) ? [[named], recorded] : [exported, chosen ?? recorded];
  const all = from.flatMap((one) =>
    isApp(one) ? [...one.workflows.values()] : isWorkflow(one) ? [one] : [],
  );
  const workflow = all.find((one) => one.name === name);
  if (workflow !== undefined) return { workflow, errors };
  const known = [...new Set(all.map((one) => one.name))].join(", ");
  throw new Error(
    `The file has no workflow "${name}". It exports: ${known === "" ? "none" : known}. Export it, or an app that has it, or name another after # (file.ts#export).`,
  );
}

function isWorkflow(found: unknown): found is AnyWorkflow {
  return typeof found === "object" && found !== null && "kind" in found && found.kind === "workflow";
}

function isApp(found: unknown): found is App {
  return typeof found === "object" && found !== null && "kind" in found && found.kind === "app";
}
