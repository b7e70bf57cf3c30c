/** Hooks that note every call. */
import type { HookCalls, HookName, Hooks } from "../../lib/define/hooks.js";
import type { LogLevel } from "../../lib/replay/logger.js";

export interface Heard {
  readonly hooks: Hooks;
  readonly calls: readonly (readonly [HookName, HookCalls[HookName]])[];
  /** Each call as a line: its name, and what it is about. */
  lines(): string[];
  of<Name extends HookName>(name: Name): HookCalls[Name][];
}

const NAMES = Object.keys({
  executionStarted: 0,
  executionCompleted: 0,
  executionFailed: 0,
  executionCancelled: 0,
  executionTerminated: 0,
  executionContinued: 0,
  executionStalled: 0,
  executionRedriven: 0,
  executionPaused: 0,
  executionResumed: 0,
  executionTimedOut: 0,
  cancelRequested: 0,
  compensationStarted: 0,
  stepStarted: 0,
  stepCompleted: 0,
  stepRetrying: 0,
  stepFailed: 0,
  eventReceived: 0,
  signalReceived: 0,
  callbackReceived: 0,
  updateReceived: 0,
  waitTimedOut: 0,
  eventSent: 0,
  signalSent: 0,
  startSent: 0,
  childStarted: 0,
  childEnded: 0,
} satisfies Record<HookName, 0>) as HookName[];

export function hearing(): Heard {
  const calls: [HookName, HookCalls[HookName]][] = [];
  const hooks = Object.fromEntries(
    NAMES.map((name) => [name, (fact: HookCalls[HookName]) => void calls.push([name, fact])]),
  );
  return {
    hooks,
    calls,
    lines: () => calls.map(([name, fact]) => lineOf(name, fact)),
    of: <Name extends HookName>(name: Name) =>
      calls.flatMap(([each, fact]) => (each === name ? [fact as HookCalls[Name]] : [])),
  };
}

function lineOf(name: HookName, fact: HookCalls[HookName]): string {
  const { executionId: _, workflow: __, at: ___, ...about } = fact;
  const shown = [
    "compensation",
    "step",
    "attempt",
    "name",
    "status",
    "childWorkflow",
    "reason",
    "to",
  ].flatMap((field) => (field in about ? [String(Reflect.get(about, field))] : []));
  return [name, ...shown.filter((text) => text !== "false")].join(" ");
}

/** A log that keeps its lines. */
export function keeping() {
  const lines: { level: LogLevel; message: string; [field: string]: unknown }[] = [];
  return {
    lines,
    write: (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      lines.push({ ...fields, level, message });
    },
  };
}
