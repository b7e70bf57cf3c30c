/** A handler whose invocations tell what they measured. */
import type { Handler, LambdaContext } from "./lambda-context.js";
import type { AwsOutside } from "./outside.js";

/** Told at the end of each invocation, however it ends. One that is killed takes what it noted with it. */
export function metered<Result>(
  outsideOf: () => AwsOutside,
  handle: (outside: AwsOutside, event: unknown, context: LambdaContext) => Promise<Result>,
): Handler<Result> {
  return async (event, context) => {
    const outside = outsideOf();
    try {
      return await handle(outside, event, context);
    } finally {
      outside.meter?.tell();
    }
  };
}
