/**
 * The workflow's running code: the function itself, the branches in it, and what follows its end. It runs in delivery windows only (I10),
 * asks through contexts, and is answered by `replay.ts`.
 */
import type { Context } from "../define/context.js";
import {
  CancelledError,
  ContextMisuseError,
  CorruptHistoryError,
  type EngineError,
  NonDurableAwaitError,
} from "../model/errors.js";
import type { CompensationOutcome } from "../model/history-event.js";
import type { UpdateMessage } from "../model/message.js";
import { storable, storableError } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import type { Encoded } from "../model/value.js";
import { Branch } from "./branch.js";
import { makeContext } from "./context/make-context.js";
import type { Requests, UpdateHandler } from "./context/site.js";
import type { Answer, NewOperation } from "./operation.js";
import type { Operations } from "./operations.js";
import { Scope } from "./path.js";
import type { Outcome, Program } from "./program.js";
import { decodeRecorded } from "./recorded-value.js";
import { misplaced, runInWorkflow } from "./running-in.js";
import { undo } from "./undo.js";
import { type Undoable, UndoStack } from "./undo-stack.js";
import type { DeliveryWindow } from "./window.js";

/** What the code reads of the replay around it. */
export interface Surroundings {
  readonly program: Program;
  readonly operations: Operations;
  readonly window: DeliveryWindow;
  now(): EpochMs;
  /** How many history events have been applied. */
  position(): number;
  /** History has been delivered to its end (I1). */
  live(): boolean;
  /** A change is used for the first time: it becomes a history event. */
  notePatch(change: string): void;
  /** Called when a fault comes from outside a window, while the shell waits for something else. */
  onFault(): void;
}

export class Code implements Requests {
  /** The workflow function has settled, and what it had asked for is being ended and undone (I13). */
  failing = false;
  outcome: Outcome | undefined;
  /** The engine's own error; once it is there, nothing is delivered any more. */
  fault: EngineError | undefined;
  /** What the code last set for queries to read. */
  state: Encoded | undefined;
  /** What the last cancel, or the execution's timeout, threw. */
  interruption: Error | undefined;
  /** Nothing of it has ever run: true in the first window of a new execution. */
  fresh: boolean;
  #handled: string[] = [];
  readonly #around: Surroundings;
  readonly #root: Branch;
  readonly #handlers = new Map<string, UpdateHandler>();
  /** One answer for each change, so that two places of it never part. */
  readonly #patches = new Map<string, boolean>();
  readonly #undoing = new Set<Promise<void>>();
  readonly #undoScopes = new Scope("");
  #continue: (input: Encoded) => void = () => {};
  #compensated = false;
  #over = false;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#root = new Branch(new Scope(""), new UndoStack());
    this.fresh = around.program.fresh !== undefined;
  }

  // -------------------------------------------------------------- what the replay does with it

  /** Calls the workflow function. Inside a window. */
  begin(): void {
    runInWorkflow(this.#root, () => void this.#main());
  }

  /** Every operation that is pending throws `error`; when the function throws it on, that is its end. Inside a window. */
  interrupt(error: Error): void {
    this.interruption = error;
    this.#around.operations.rejectAll(error, this.#around.position());
  }

  /** Runs the handler of an update. Inside a window. */
  update(message: UpdateMessage): void {
    const handler = this.#handlers.get(message.name);
    if (handler === undefined) return;
    const branch = new Branch(
      new Scope(`${this.#root.scope.next("update", message.name)}/`),
      this.#root.completed,
      this.#root,
    );
    void this.#answer(branch, handler, message);
  }

  handles(name: string): boolean {
    return this.#handlers.has(name);
  }

  /** Names of updates that came to be handled since the last call. */
  takeHandled(): string[] {
    return this.#handled.splice(0);
  }

  /** The function's end stands; the compensations that gave up are tried again. Inside a window. */
  undoAgain(): boolean {
    const { outcome } = this;
    if (outcome === undefined || outcome.kind === "continued") return false;
    const failed = this.#root.completed.takeFailed();
    const [first] = failed;
    if (first === undefined) return false;
    this.outcome = undefined;
    this.failing = true;
    // One that completed has sagas that failed, each for a reason of its own.
    const error = outcome.kind === "completed" ? first.error : outcome.error;
    const undoables = failed.map(({ undoable }) => undoable);
    void this.#undo(undoables, error).then(() => {
      this.#end({ ...outcome, compensation: this.#compensation() });
    });
    return true;
  }

  /** The steps that would be undone if the execution failed now, in that order. */
  get undoable(): readonly string[] {
    return this.#root.completed.remaining().map(({ name }) => name);
  }

  /** No context of this execution may be used from here on (I14). */
  end(): void {
    this.#over = true;
  }

  // -------------------------------------------------------------- the function

  async #main(): Promise<void> {
    const { workflow, input } = this.#around.program;
    const continued = new Promise<Outcome>((resolve) => {
      this.#continue = (next) => resolve({ kind: "continued", input: next });
    });
    let outcome: Outcome;
    try {
      outcome = await Promise.race([continued, this.#completed(workflow.handler, this.decode(input))]);
      if (this.#undoing.size > 0) outcome = await this.#afterUndoing(outcome);
    } catch (error) {
      if (!this.#mayRun("The workflow function ended")) return;
      outcome = await this.#fail(error);
    }
    if (this.#mayRun("The workflow function ended")) this.#end(outcome);
  }

  async #completed(
    handler: (context: Context, input: never) => Promise<unknown>,
    input: unknown,
  ): Promise<Outcome> {
    // The schema has seen the input, where there is one.
    const output = await handler(makeContext(this, this.#root), input as never);
    const { name } = this.#around.program.workflow;
    const compensation = this.#compensation();
    return {
      kind: "completed",
      output: storable(output, `The output of workflow "${name}"`),
      ...(compensation === "none" ? {} : { compensation }),
    };
  }

  /** A saga that nobody awaits is being undone: that comes to its end, and nothing else goes on. */
  async #afterUndoing(outcome: Outcome): Promise<Outcome> {
    this.failing = true;
    this.#around.operations.abandon(this.#root, this.#around.position());
    await Promise.all(this.#undoing);
    return outcome.kind === "completed" ? { ...outcome, compensation: this.#compensation() } : outcome;
  }

  /** I13: what was asked for before is ended, then completed steps are undone. */
  async #fail(error: unknown): Promise<Outcome> {
    const kind = error === this.interruption && error instanceof CancelledError ? "cancelled" : "failed";
    const stored = storableError(error);
    this.failing = true;
    const { operations } = this.#around;
    operations.abandon(this.#root, this.#around.position());
    await operations.allEnded([this.#root]);
    await Promise.all(this.#undoing);
    const undoables = this.#root.completed.remaining();
    if (undoables.length > 0) await this.#undo(undoables, stored);
    return { kind, error: stored, compensation: this.#compensation() };
  }

  #undo(undoables: readonly Undoable[], error: Encoded): Promise<void> {
    const scope = new Scope(`${this.#undoScopes.next("undo", "")}/`);
    return this.#undoIn(new Branch(scope, this.#root.completed, this.#root, "undoes"), undoables, error);
  }

  async #undoIn(branch: Branch, undoables: readonly Undoable[], error: Encoded): Promise<void> {
    this.#compensated = true;
    await undo(undoables, error, branch.scope, (operation) => this.request(operation, branch));
    branch.end();
  }

  #compensation(): CompensationOutcome {
    if (this.#root.completed.incomplete) return "incomplete";
    return this.#compensated ? "complete" : "none";
  }

  #end(outcome: Outcome): void {
    this.#around.operations.asked.add(`end:${outcome.kind}`, `the end of the workflow (${outcome.kind})`);
    this.#around.operations.abandon(this.#root, this.#around.position());
    this.outcome = outcome;
  }

  async #answer(branch: Branch, handler: UpdateHandler, message: UpdateMessage): Promise<void> {
    const what = `The answer of update "${message.name}"`;
    let answer: Answer;
    try {
      const input = handler.parse(this.decode(message.data));
      // What the handler's own schema made of it, where it has one.
      const value = await this.run(branch, (context) => handler.handle(context, input as never));
      answer = { ok: true, value: storable(value, what) };
    } catch (error) {
      answer = { ok: false, error: storableError(error) };
    }
    if (branch.over === "abandoned" || !this.#mayRun("An update's handler ended")) return;
    const end = (): void => branch.end();
    // A cancel rejects it like everything that is pending, and it is given all the same.
    void this.request(
      {
        kind: "answer",
        path: `${branch.scope.prefix}answer`,
        label: `the answer of update "${message.name}"`,
        messageId: message.id,
        answer,
      },
      branch,
    ).then(end, end);
  }

  // -------------------------------------------------------------- what contexts ask for

  get executionId(): string {
    return this.#around.program.executionId;
  }

  get seed(): string {
    return this.#around.program.seed ?? this.executionId;
  }

  get workflow(): Program["workflow"] {
    return this.#around.program.workflow;
  }

  get startAt(): EpochMs {
    return this.#around.program.startAt;
  }

  readonly log: Requests["log"] = {
    write: (level, message, fields) => {
      if (this.#around.live() || this.fresh) this.#around.program.log.write(level, message, fields);
    },
  };

  now(): EpochMs {
    return this.#around.now();
  }

  /** I14, then I10. */
  guard(branch: Branch, operation: string): boolean {
    const where = this.#over ? "after its execution had ended" : misplaced(branch);
    if (where !== undefined) throw new ContextMisuseError(`ctx.${operation}`, where);
    // I13: once the function has settled its code is over, whatever branch of it still runs.
    if (branch.over === "abandoned" || this.failing || this.outcome !== undefined) return false;
    if (branch.over === "ended")
      throw new ContextMisuseError(`ctx.${operation}`, "after its branch had ended");
    return this.#mayRun(`ctx.${operation} was called`);
  }

  request(operation: NewOperation, branch: Branch): Promise<unknown> {
    return this.#around.operations.request(operation, branch, this.#around.position());
  }

  run<T>(branch: Branch, code: (context: Context) => T | Promise<T>): Promise<T> {
    try {
      return Promise.resolve(runInWorkflow(branch, () => code(makeContext(this, branch))));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  abandon(branches: readonly Branch[]): Promise<void> | undefined {
    const error = storableError(new CancelledError("the branch that it belongs to no longer matters"));
    // Before the branches are abandoned, which are forgotten once nothing of theirs is under way.
    const undoing = branches
      .flatMap(unfinishedSagas)
      .filter(hasToUndo)
      .map((saga) => this.undoSaga(saga, error));
    for (const branch of branches) this.#around.operations.abandon(branch, this.#around.position());
    return undoing.length === 0 ? undefined : Promise.all(undoing).then(() => {});
  }

  undoSaga(saga: Branch, error: Encoded): Promise<void> {
    saga.undoing ??= this.#track(this.#undoSaga(saga, error));
    return saga.undoing;
  }

  async #undoSaga(saga: Branch, error: Encoded): Promise<void> {
    const { operations } = this.#around;
    // From the beginning: by it, the saga is known to the branch around it until it is undone.
    const undoes = new Branch(new Scope(`${saga.scope.prefix}undo/`), saga.completed, saga, "undoes");
    const inner = undoingIn(saga);
    operations.abandon(saga, this.#around.position());
    await operations.allEnded([saga]);
    await Promise.all(inner);
    const undoables = saga.completed.remaining();
    if (undoables.length === 0) undoes.end();
    else await this.#undoIn(undoes, undoables, error);
  }

  #track(undoing: Promise<void>): Promise<void> {
    this.#undoing.add(undoing);
    void undoing.then(() => this.#undoing.delete(undoing));
    return undoing;
  }

  patched(change: string): boolean {
    const known = this.#patches.get(change) ?? this.#around.program.patches?.has(change) ?? false;
    if (known || this.#patches.has(change)) return known;
    // Code that is replayed has come here before without it.
    const isNew = this.#around.live() || this.fresh;
    this.#patches.set(change, isNew);
    if (isNew) this.#around.notePatch(change);
    return isNew;
  }

  setState(value: Encoded): void {
    this.state = value;
  }

  handleUpdate(name: string, handler: UpdateHandler): void {
    this.#handlers.set(name, handler);
    this.#handled.push(name);
  }

  continueWith(input: Encoded): void {
    this.#continue(input);
  }

  #mayRun(what: string): boolean {
    if (this.#around.window.open && this.fault === undefined) return true;
    if (this.fault === undefined && !this.#over) {
      this.fault = new NonDurableAwaitError(
        `${what} after an await on something that is not durable (a bare fetch, a timer, file I/O)`,
      );
      this.#around.onFault();
    }
    return false;
  }

  /** Throws {@link CorruptHistoryError}, which ends the turn wherever it is raised: code that catches it goes no further. */
  decode(value: Encoded): unknown {
    try {
      return decodeRecorded(value, this.#around.program);
    } catch (error) {
      if (error instanceof CorruptHistoryError) this.fault ??= error;
      throw error;
    }
  }
}

/** Those in a branch that have neither ended nor been undone to the end. What is inside of one is undone with it. */
function unfinishedSagas(branch: Branch): Branch[] {
  if (branch.kind === "saga" && (branch.over === undefined || branch.undoing !== undefined)) return [branch];
  return [...branch.inner].flatMap(unfinishedSagas);
}

function hasToUndo(saga: Branch): boolean {
  return saga.undoing !== undefined || saga.completed.remaining().length > 0 || mayComplete(saga);
}

/** Whether a step is under way in it that can be undone: it may complete although nobody waits for it. */
function mayComplete(branch: Branch): boolean {
  for (const operation of branch.operations) {
    if (operation.kind === "step" && operation.compensation !== undefined) return true;
  }
  return [...branch.inner].some(mayComplete);
}

function undoingIn(branch: Branch): Promise<void>[] {
  return [...branch.inner].flatMap((inner) => [
    ...(inner.undoing === undefined ? [] : [inner.undoing]),
    ...undoingIn(inner),
  ]);
}
