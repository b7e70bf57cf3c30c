/** Whether everything that a client needs can be reached. */
import type { Outside } from "../runtime/outside.js";
import { objectKey } from "../store/ports.js";

/** Whether what executions are kept in can be read by this client. */
export interface Health {
  readonly healthy: boolean;
  readonly checks: readonly HealthCheck[];
}

/** Whether one of the services answered a read, and in how many milliseconds. */
export interface HealthCheck {
  readonly what: "executions table" | "directory table" | "payload bucket";
  readonly ok: boolean;
  readonly ms: number;
  /** Why not. */
  readonly error?: string;
}

/** No execution, cursor or object has it: only whether an answer comes is of interest. */
const NOBODY = "holdfast-health";

/** One strongly consistent read of each, side by side, timed by a stopwatch: a local cloud's clock may run faster. The wake queue and the bus are not asked: a message would be a wake, or an event. */
export async function checkHealth({ store }: Pick<Outside, "store">): Promise<Health> {
  const check = async (what: HealthCheck["what"], read: () => Promise<unknown>): Promise<HealthCheck> => {
    const began = performance.now();
    const ms = () => Math.round(performance.now() - began);
    try {
      await read();
      return { what, ok: true, ms: ms() };
    } catch (error) {
      return { what, ok: false, ms: ms(), error: String(error) };
    }
  };
  const checks = await Promise.all([
    check("executions table", () => store.readHead(NOBODY)),
    check("directory table", () => store.readCursor(NOBODY)),
    check("payload bucket", () => store.getObject(objectKey(NOBODY, NOBODY))),
  ]);
  return { healthy: checks.every(({ ok }) => ok), checks };
}
