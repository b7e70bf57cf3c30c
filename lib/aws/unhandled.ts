/**
 * I13: a promise that user code left without a handler is logged, and does not end the process, in which other turns may run.
 *
 * Lambda's own listener ends the process. It was added before any code of ours was loaded, so it is the first; it alone is removed, and
 * only there.
 */
import { told } from "../model/told.js";
import type { Log } from "../runtime/outside.js";

let installed = false;

export function logUnhandledRejections(logOf: () => Log): void {
  if (installed) return;
  installed = true;
  const inLambda = process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  const runtimes = inLambda ? process.listeners("unhandledRejection") : [];
  if (runtimes[0] !== undefined) process.removeListener("unhandledRejection", runtimes[0]);
  process.on("unhandledRejection", (reason) => {
    logOf().write("error", "A promise of the app was rejected, and nothing handled it.", {
      error: told(reason),
    });
  });
}
