/**
 * Faults: one wrapper around everything outside (tables, queue, scheduler, bus) that can end the process that calls just before a call or
 * just after it, or lose the reply. A dead process makes no further call and begins no further step; whatever it had under way never
 * returns to it.
 */
import type { App } from "../define/app.js";
import type { Context, StepOptions } from "../define/context.js";
import type { AnyWorkflow } from "../define/workflow.js";
import { HoldfastError } from "../model/errors.js";
import type { Outside } from "../runtime/outside.js";
import type { Store } from "../store/ports.js";

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
  /** How often a process asked for the time: a turn that is at work does so at every event, without any other call. */
  ticks = 0;
  /** Calls under way. */
  callsUnderWay = 0;
  /** Step bodies under way. */
  bodiesUnderWay = 0;
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

/** One process: one invocation of a function, or a client. */
export class TestProcess {
  dead = false;
  readonly died: Promise<never>;
  #die: (error: Error) => void = () => {};

  constructor(private readonly faults: Faults) {
    this.died = new Promise((_, reject) => {
      this.#die = reject;
    });
    this.died.catch(() => {});
  }

  kill(where: string): void {
    this.dead = true;
    this.#die(new ProcessDiedError(where));
  }

  /** Everything outside, as this process sees it. */
  outside(real: Outside): Outside {
    return {
      ...real,
      store: this.#wrap("store", real.store) satisfies Store,
      wakes: this.#wrap("wakes", real.wakes),
      bus: this.#wrap("bus", real.bus),
      clock: {
        now: () => {
          this.faults.ticks += 1;
          return real.clock.now();
        },
        sleep: (ms, signal) => real.clock.sleep(ms, signal),
      },
    };
  }

  /** The app, with step bodies that end with this process. */
  app(app: App): App {
    const wrapped = new Map(
      [...app.workflows].map(([name, workflow]) => [name, this.#wrapWorkflow(workflow)]),
    );
    return { ...app, workflows: wrapped, workflow: (name) => wrapped.get(name) ?? app.workflow(name) };
  }

  #wrap<T extends object>(port: string, real: T): T {
    return new Proxy(real, {
      get: (target, key, receiver) => {
        const member: unknown = Reflect.get(target, key, receiver);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) =>
          this.#call(`${port}.${String(key)}`, async () => Reflect.apply(member, target, args));
      },
    });
  }

  async #call(name: string, call: () => Promise<unknown>): Promise<unknown> {
    if (this.dead) return never();
    const fault = this.faults.count(name);
    if (fault === "before") {
      this.kill(`before ${name}`);
      return never();
    }
    this.faults.callsUnderWay += 1;
    try {
      const reply = await call();
      if (fault === "after") this.kill(`after ${name}`);
      if (this.dead) return never();
      if (fault === "reply-lost") throw new Error(`The reply to ${name} was lost.`);
      return reply;
    } finally {
      this.faults.callsUnderWay -= 1;
    }
  }

  #wrapWorkflow(workflow: AnyWorkflow): AnyWorkflow {
    return { ...workflow, handler: (context, input) => workflow.handler(this.#wrapContext(context), input) };
  }

  #wrapContext(context: Context): Context {
    return {
      ...context,
      step: (name, body, options) =>
        context.step(
          name,
          (step) => this.#body(() => body(step)),
          options === undefined ? undefined : this.#wrapOptions(options),
        ),
    };
  }

  #wrapOptions<Result>(options: StepOptions<Result>): StepOptions<Result> {
    const { compensate } = options;
    if (compensate === undefined) return options;
    return {
      ...options,
      compensate: (result, step) => this.#body(() => compensate.call(options, result, step)),
    };
  }

  async #body<Result>(body: () => Result | Promise<Result>): Promise<Result> {
    if (this.dead) return never();
    this.faults.bodiesUnderWay += 1;
    try {
      const result = await body();
      return this.dead ? never() : result;
    } finally {
      this.faults.bodiesUnderWay -= 1;
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
