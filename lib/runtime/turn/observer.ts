/**
 * Tells an app's hooks what happens to one execution in this process. Nothing that a hook does reaches the execution: what it throws is
 * logged, and what it promises is waited for at the end of the turn alone, for a bounded time. An app without hooks has no observer.
 */

import {
  attemptOf,
  type Circumstances,
  callsFor,
  factOf,
  hookErrorOf,
  type Subject,
} from "../../decide/facts.js";
import type {
  AttemptEnd,
  HookCall,
  HookCalls,
  HookName,
  Hooks,
  StepAttempt,
  Told,
  Turn,
  TurnEnd,
} from "../../define/hooks.js";
import type { Head } from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import type { ExecutionStatus } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import { told } from "../../model/told.js";
import type { StepOperation } from "../../replay/operation.js";
import type { Replay } from "../../replay/replay.js";
import type { Outside } from "../outside.js";
import type { Happening } from "./happening.js";

/** What hooks have promised gets so long at the end of a turn: enough for a call in the same region, and little beside an invocation. */
const PATIENCE_MS = 2_000;

/** Undefined when nobody wants to know. */
export function observerOf(
  outside: Outside,
  hooks: readonly Hooks[],
  head: Pick<Head, "executionId" | "workflow" | "startAt">,
): Observer | undefined {
  return hooks.length === 0 ? undefined : new Observer(outside, hooks, head);
}

interface OpenAttempt {
  readonly begunAt: EpochMs;
  tellEnd(end: AttemptEnd): void;
}

export class Observer {
  readonly #promised = new Set<Promise<unknown>>();
  /** Hooks that have failed already, so that one that fails at every call fills no log. */
  readonly #failed = new Set<string>();
  readonly #attempts = new Map<string, OpenAttempt>();
  /** Of attempts that have ended and whose end is not recorded yet. */
  readonly #durations = new Map<string, number>();

  constructor(
    private readonly outside: Pick<Outside, "clock" | "log">,
    private readonly hooks: readonly Hooks[],
    private readonly subject: Subject,
  ) {}

  /** What will be to tell of an event once it is durable. */
  callsFor(event: HistoryEvent, around: Circumstances = {}): readonly HookCall[] {
    return callsFor(this.subject, event, around);
  }

  /** The same for what is about to be recorded: asked before it is applied, while what it speaks of is still pending. */
  callsForNext(event: HistoryEvent, replay: Replay, outgoing: Happening["outgoing"]): readonly HookCall[] {
    const carried = "message" in event ? event.message : undefined;
    const op = "op" in event ? event.op : undefined;
    return this.callsFor(event, {
      operation: op === undefined ? undefined : replay.pending.get(op),
      message: carried ?? ("messageId" in event ? replay.buffered.get(event.messageId) : undefined),
      durationMs: op === undefined ? undefined : this.#durations.get(op),
      ...(outgoing === undefined ? {} : { outgoing }),
    });
  }

  tell(calls: readonly HookCall[]): void {
    for (const { hook, fact } of calls) this.#call(hook, fact);
  }

  /** Its first turn begins. */
  started(head: Head): void {
    this.#call("executionStarted", { ...this.#now(), ...descentOf(head) });
  }

  /** Runs a turn inside of what hooks put around it, and then waits for what they have promised. */
  async turn(
    { head, takenOver }: { readonly head: Head; readonly takenOver: boolean },
    until: EpochMs,
    run: () => Promise<ExecutionStatus>,
  ): Promise<ExecutionStatus> {
    const turn: Turn = { ...this.#now(), ...descentOf(head), turn: head.epoch, takenOver };
    const { status, ended } = this.#around(
      "aroundTurn",
      (hooks, go: () => Promise<TurnEnd>) => hooks.aroundTurn?.(turn, go),
      () => {
        const status = run();
        const ended = status.then<TurnEnd, TurnEnd>(
          (left) => ({ status: left }),
          (error: unknown) => ({ error: hookErrorOf(error) }),
        );
        return { status, ended };
      },
    );
    await ended;
    await this.settled(until);
    return status;
  }

  /** Begins an attempt inside of what hooks put around it. */
  attempt<Running>(step: StepOperation, attempt: number, begin: () => Running): Running {
    const fact: StepAttempt = { ...this.#now(), ...attemptOf(step, attempt) };
    this.#call("stepStarted", fact);
    let tellEnd: (end: AttemptEnd) => void = () => {};
    const ended = new Promise<AttemptEnd>((resolve) => {
      tellEnd = resolve;
    });
    this.#durations.delete(step.path);
    this.#attempts.set(step.path, { begunAt: this.outside.clock.now(), tellEnd });
    return this.#around(
      "aroundStep",
      (hooks, go: () => Promise<AttemptEnd>) => hooks.aroundStep?.(fact, go),
      () => ({ running: begin(), ended }),
    ).running;
  }

  attemptEnded(
    { path }: StepOperation,
    end: { readonly ok: true } | { readonly ok: false; readonly error: unknown },
  ): void {
    const open = this.#attempts.get(path);
    if (open === undefined) return;
    this.#attempts.delete(path);
    this.#durations.set(path, this.outside.clock.now() - open.begunAt);
    open.tellEnd(end.ok ? { ok: true } : { ok: false, error: hookErrorOf(end.error) });
  }

  /** Waits for what hooks have promised, at most until then. */
  async settled(until: EpochMs): Promise<void> {
    for (const { tellEnd } of this.#attempts.values()) tellEnd({ ok: false, error: LEFT });
    this.#attempts.clear();
    if (this.#promised.size === 0) return;
    const { clock, log } = this.outside;
    const enough = new AbortController();
    const patience = Math.max(0, Math.min(PATIENCE_MS, until - clock.now()));
    const late = await Promise.race([
      Promise.all(this.#promised).then(() => false),
      clock.sleep(patience, enough.signal).then(() => true),
    ]);
    enough.abort();
    if (!late) return;
    log.write("warn", "Hooks were still at work at the end of their turn.", {
      executionId: this.subject.executionId,
      waitedMs: patience,
    });
  }

  /** Each of the hooks is handed what lies inside of it; one that does not begin that is passed over. */
  #around<End, Work extends { readonly ended: Promise<End> }>(
    name: string,
    call: (hooks: Hooks, go: () => Promise<End>) => unknown,
    begin: () => Work,
  ): Work {
    const outermost = this.hooks.reduceRight<() => Work>(
      (inner, hooks) => () => {
        let begun: Work | undefined;
        const work = (): Work => {
          begun ??= inner();
          return begun;
        };
        this.#guard(name, () => call(hooks, () => work().ended));
        return work();
      },
      begin,
    );
    return outermost();
  }

  #call<Name extends HookName>(name: Name, fact: HookCalls[Name]): void {
    const all: readonly Told[] = this.hooks;
    for (const told of all) this.#guard(name, () => told[name]?.(fact));
  }

  #guard(name: string, call: () => unknown): void {
    try {
      const returned = call();
      if (!isThenable(returned)) return;
      const promised: Promise<unknown> = Promise.resolve(returned)
        .catch((error: unknown) => this.#complain(name, error))
        .finally(() => this.#promised.delete(promised));
      this.#promised.add(promised);
    } catch (error) {
      this.#complain(name, error);
    }
  }

  #complain(hook: string, error: unknown): void {
    if (this.#failed.has(hook)) return;
    this.#failed.add(hook);
    const { executionId, workflow } = this.subject;
    this.outside.log.write("error", "A hook failed; its execution is not affected.", {
      hook,
      executionId,
      workflow,
      error: told(error),
    });
  }

  #now() {
    return factOf(this.subject, this.outside.clock.now());
  }
}

const LEFT = {
  name: "StepInterruptedError",
  message: "The turn that ran it ended first, and nobody waits for it any more.",
};

function descentOf({ parent, origin }: Head) {
  return {
    ...(parent === undefined ? {} : { parent: parent.executionId }),
    ...(origin === undefined ? {} : { origin }),
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
