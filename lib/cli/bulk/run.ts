/**
 * One thing done to many executions: what is meant is shown and counted first, then asked about, then done, a few at a time. Each is told of by
 * itself, whatever becomes of the others; whoever repeats the command does it for those that are left.
 */
import type { ListedExecution } from "../../client/types.js";
import { ExecutionDeletedError } from "../../model/deletion-errors.js";
import { ExecutionClosedError, ExecutionNotFoundError } from "../../model/errors.js";
import { EXIT, messageOf, UsageError } from "../exit.js";
import { json } from "../format.js";
import type { Terminal } from "../terminal.js";
import { counted, preview } from "./preview.js";

/** What is asked of each. */
export interface Task {
  /** As the question says it: `cancel`. */
  readonly verb: string;
  /** Throws what the client throws. */
  readonly act: (executionId: string) => Promise<object>;
  /** Whether executions were listed before: that one is not there then lost a race. A person who names one has mistyped it. */
  readonly listed?: true;
  /** Whether the error may be over once others of the same run are done. */
  readonly mayPass?: (error: unknown) => boolean;
}

export interface BulkOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface Outcome {
  readonly done: readonly object[];
  /** It had ended, or was gone, before it was its turn. */
  readonly passedOver: readonly { readonly executionId: string; readonly why: string }[];
  readonly failed: readonly { readonly executionId: string; readonly error: unknown }[];
}

/** So many calls are under way at once: a table takes far more, and a person's account is nobody's load test. */
const AT_ONCE = 8;

/** Of many, how far it is is said this often. */
const TOLD_EVERY = 100;

/** What a race lost is no failure: another end came first. */
function isOver(error: unknown, { listed }: Pick<Task, "listed">): boolean {
  if (error instanceof ExecutionNotFoundError || error instanceof ExecutionDeletedError)
    return listed === true;
  return error instanceof ExecutionClosedError;
}

/** Refuses what could never be confirmed, before anything is asked of the deployment. Throws {@link UsageError}. */
export function checkConfirmable({ yes, dryRun }: BulkOptions, terminal: Terminal, look = "--dry-run"): void {
  if (yes === true && dryRun === true)
    throw new UsageError("--yes and --dry-run were both given. Expected one of them, or neither.");
  if (yes === true || dryRun === true || terminal.confirm !== undefined) return;
  throw new UsageError(
    `Nobody is here to say yes to what would be done. Look at it with ${look}, and add --yes to have it done.`,
  );
}

/** Shows what is meant, asks, and does it. */
export async function doToFitting(
  executions: readonly ListedExecution[],
  task: Task,
  options: BulkOptions,
  terminal: Terminal,
  /** Told once it is certain that it will be done. */
  onAgreed: () => void = () => {},
): Promise<void> {
  if (!(await agreed(executions, task, options, terminal))) return;
  onAgreed();
  const ids = executions.map(({ executionId }) => executionId);
  await doToAll(ids, { ...task, listed: true }, options, terminal);
}

/** Shows what is meant, and asks. False when it is not to be done. */
async function agreed(
  executions: readonly ListedExecution[],
  { verb }: Pick<Task, "verb">,
  options: BulkOptions,
  terminal: Terminal,
): Promise<boolean> {
  if (options.dryRun === true && options.json === true) {
    terminal.out(json({ matched: executions.length, executions }));
    return false;
  }
  if (executions.length === 0) {
    if (options.json === true) terminal.out(json({ matched: 0, done: [], passedOver: [], failed: [] }));
    else terminal.err("No execution fits.");
    return false;
  }
  if (options.json !== true) preview(executions, verb, options.dryRun === true, terminal);
  if (options.dryRun === true) return false;
  if (options.yes === true) return true;
  if (await terminal.confirm?.(`${verb} ${counted(executions.length)}?`)) return true;
  terminal.err("Nothing was done.");
  terminal.endWith(EXIT.error);
  return false;
}

/** Does it to each, and says what became of it. The exit code is 1 when one failed. */
export async function doToAll(
  ids: readonly string[],
  task: Task,
  options: BulkOptions,
  terminal: Terminal,
): Promise<void> {
  const { done, passedOver, failed } = await outcomeOf(ids, task, (count) => {
    if (terminal.width !== undefined && count % TOLD_EVERY === 0)
      terminal.err(terminal.colors.dim(`${count} of ${ids.length}`));
  });
  if (options.json === true) terminal.out(json({ matched: ids.length, done, passedOver, failed }));
  else {
    for (const { executionId, why } of passedOver) terminal.err(`${executionId} passed over: ${why}`);
    for (const { executionId, error } of failed) terminal.err(`${executionId} failed: ${messageOf(error)}`);
    const others = [
      passedOver.length === 0 ? "" : `, ${passedOver.length} passed over`,
      failed.length === 0 ? "" : `, ${failed.length} failed`,
    ];
    terminal.out(`${task.verb}: ${done.length} of ${counted(ids.length)}${others.join("")}`);
  }
  if (failed.length > 0) terminal.endWith(EXIT.error);
}

export async function outcomeOf(
  ids: readonly string[],
  task: Task,
  told: (count: number) => void = () => {},
): Promise<Outcome> {
  const { act, mayPass = () => false } = task;
  const done: object[] = [];
  const passedOver: Outcome["passedOver"][number][] = [];
  let failed: Outcome["failed"][number][] = [];
  for (let left = ids, before = -1; left.length > 0 && done.length > before; ) {
    before = done.length;
    failed = [];
    const queue = [...left];
    const worker = async (): Promise<void> => {
      for (let executionId = queue.shift(); executionId !== undefined; executionId = queue.shift()) {
        try {
          done.push({ executionId, ...(await act(executionId)) });
          told(done.length);
        } catch (error) {
          if (isOver(error, task)) {
            passedOver.push({ executionId, why: messageOf(error) });
          } else failed.push({ executionId, error });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // Another round only for those whom this one may have set free.
    left = failed.every(({ error }) => !mayPass(error)) ? [] : failed.map(({ executionId }) => executionId);
  }
  return { done, passedOver, failed };
}
