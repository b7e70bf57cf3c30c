/** Faults: which of the outside calls ends the process that makes it, or loses its reply. */
import { HoldfastError } from "../model/errors.js";

/** Where a process dies: before a call is made, after it was answered, or after it had its effect and before the answer. */
export type When = "before" | "after" | "reply-lost";

/** The `call`th outside call from here, counted from 1. */
export interface CrashPoint {
  readonly call: number;
  readonly when: When;
}

/** What a client's own call meets when its process is the one that dies. */
export class ProcessDiedError extends HoldfastError {
  readonly code = "PROCESS_DIED";
  constructor(call: string) {
    super(`The process died ${call}, as the test asked. Ask for the execution's state with another call.`);
    this.name = "ProcessDiedError";
  }
}

/** Counts the outside calls of all processes, and knows at which of them to strike. */
export class Faults {
  /** Names of the calls made, in their order. */
  readonly calls: string[] = [];
  #planned: { readonly at: number; readonly when: When }[] = [];

  plan(point: CrashPoint): void {
    this.#planned.push({ at: this.calls.length + point.call, when: point.when });
  }

  /** Whether everything that was planned has struck. */
  get struck(): boolean {
    return this.#planned.length === 0;
  }

  /** Counts a call and says what is to happen to it. */
  count(name: string): When | undefined {
    this.calls.push(name);
    const at = this.calls.length;
    const fault = this.#planned.find((planned) => planned.at === at);
    if (fault !== undefined) this.#planned = this.#planned.filter((planned) => planned !== fault);
    return fault?.when;
  }
}
