/**
 * A process of the test's deployment: everything outside (tables, queue, scheduler, bus) is wrapped for it, so that a fault can end it just
 * before a call or just after one, or lose the reply. A dead process makes no further call and begins no further body; whatever it had under
 * way never returns to it.
 */
import type { App } from "../define/app.js";
import type { Hooks } from "../define/hooks.js";
import type { Outside } from "../runtime/outside.js";
import type { Store } from "../store/ports.js";
import type { Activity } from "./activity.js";
import type { Director } from "./director.js";
import type { Doubles } from "./doubles.js";
import { type Faults, ProcessDiedError } from "./faults.js";
import { type Ask, type BodyCall, surroundApp } from "./surround.js";
import { countingSleeps } from "./virtual-clock.js";

/** What all processes of one deployment share. */
export interface Surrounding {
  readonly faults: Faults;
  readonly activity: Activity;
  readonly doubles: Doubles;
  readonly director?: Director | undefined;
}

/** One process: one invocation of a function, or a client. */
export class TestProcess {
  dead = false;
  readonly died: Promise<never>;
  /** What workflow code asked for in this process, by execution. */
  readonly asked = new Map<string, Ask[]>();
  #die: (error: Error) => void = () => {};

  /** @param skewMs by how much its clock is ahead of true time */
  constructor(
    private readonly shared: Surrounding,
    readonly skewMs = 0,
  ) {
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
          // A turn that is at work does so at every event, without any other call.
          this.shared.activity.moves += 1;
          return real.clock.now() + this.skewMs;
        },
        sleep: (ms, signal) => real.clock.sleep(ms, signal),
      },
    };
  }

  /** A port that is not in every process's outside. */
  port<T extends object>(name: string, real: T): T {
    return this.#wrap(name, real);
  }

  /** The app, with bodies that end with this process, or that a test has replaced. */
  app(app: App): App {
    const surrounded = surroundApp(this.shared.doubles.app(app), (_, executionId) => {
      const asked: Ask[] = [];
      this.asked.set(executionId, asked);
      return {
        asked: (ask) => asked.push(ask),
        body: (call, run) => this.#body(call, run),
      };
    });
    return { ...surrounded, hooks: app.hooks.map((hooks) => this.#mortal(hooks)) };
  }

  /** Hooks that die with this process. */
  #mortal(hooks: Hooks): Hooks {
    return new Proxy(hooks, {
      get: (target, key) => {
        const hook: unknown = Reflect.get(target, key);
        if (typeof hook !== "function") return hook;
        return (...args: unknown[]) => (this.dead ? undefined : Reflect.apply(hook, target, args));
      },
    });
  }

  #wrap<T extends object>(port: string, real: T): T {
    return new Proxy(real, {
      get: (target, key, receiver) => {
        const member: unknown = Reflect.get(target, key, receiver);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) =>
          this.#call(`${port}.${String(key)}`, args, async () => Reflect.apply(member, target, args));
      },
    });
  }

  async #call(name: string, args: readonly unknown[], call: () => Promise<unknown>): Promise<unknown> {
    if (this.dead) return never();
    const { activity, director, faults } = this.shared;
    const take = () => activity.call(call);
    if (director !== undefined) {
      const reply = await director.call({ process: this, name, args, take });
      return this.dead ? never() : reply;
    }
    const fault = faults.count(name);
    if (fault === "before") {
      this.kill(`before ${name}`);
      return never();
    }
    const reply = await take();
    if (fault === "after") this.kill(`after ${name}`);
    if (this.dead) return never();
    if (fault === "reply-lost") throw new Error(`The reply to ${name} was lost.`);
    return reply;
  }

  async #body(call: BodyCall, run: () => unknown): Promise<unknown> {
    if (this.dead) return never();
    const { activity, doubles } = this.shared;
    const result = await activity.body(this, (body) => countingSleeps(body, () => doubles.run(call, run)));
    return this.dead ? never() : result;
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
