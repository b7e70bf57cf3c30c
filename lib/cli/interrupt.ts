/** Ctrl-C as a signal to end in order; the second one ends at once. */
import { EXIT } from "./exit.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** From here on, a signal ends the process as usual. */
  done(): void;
}

export function untilInterrupted(): Interruption {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    done: () => {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}
