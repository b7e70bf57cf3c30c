/**
 * The default stack for an app: one `DurableFunctions` construct and nothing else, synthesized in this process.
 *
 * `aws-cdk-lib` is an optional peer and slow to load, so it is loaded here, when it is needed, and only here.
 */
import { resolve } from "node:path";
import { type Duration, durationMs } from "../model/time.js";

/** What the default stack is made of: one `DurableFunctions` construct. */
export interface AppStackOptions {
  /** The file whose default export is the app. */
  readonly app: string;
  /** What the functions stamp on the events that they send; `local` by default. */
  readonly serviceName?: string;
  /** Whole seconds; 60 s by default. A turn that dies is noticed after this time plus the margin. */
  readonly workerTimeout?: Duration;
  /** Whole seconds; 30 s by default. */
  readonly wakeVisibilityMargin?: Duration;
  /** Environment of the functions that run the app's code. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The least that the functions log. */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
}

export const APP_STACK = "HoldfastLocal";

/** What synthesizes templates is not installed. */
export class CdkMissingError extends Error {
  override readonly name = "CdkMissingError";

  constructor(cause: unknown) {
    super(
      [
        "The app's stack could not be synthesized, because AWS CDK was not found.",
        "  expected: the npm packages aws-cdk-lib, constructs and esbuild",
        "  install:  npm install --save-dev aws-cdk-lib constructs esbuild",
        "Or synthesize the templates elsewhere and hand their directory to startCloud({ templates }).",
      ].join("\n"),
      { cause },
    );
  }
}

/** Writes the templates and the bundled functions into `directory`. */
export const synthesizeApp = async (options: AppStackOptions, directory: string): Promise<void> => {
  const { App, Duration: CdkDuration, DurableFunctions, Stack } = await loadCdk();
  const { serviceName = "local", workerTimeout, wakeVisibilityMargin, environment, logLevel } = options;
  const seconds = (duration: Duration) => CdkDuration.seconds(durationMs(duration) / 1_000);

  const cdk = new App({ outdir: resolve(directory), analyticsReporting: false });
  const stack = new Stack(cdk, APP_STACK);
  // With this id the outputs carry no prefix.
  new DurableFunctions(stack, "Holdfast", {
    app: options.app,
    serviceName,
    ...(workerTimeout === undefined ? {} : { workerTimeout: seconds(workerTimeout) }),
    ...(wakeVisibilityMargin === undefined ? {} : { wakeVisibilityMargin: seconds(wakeVisibilityMargin) }),
    ...(environment === undefined ? {} : { environment }),
    ...(logLevel === undefined ? {} : { logLevel }),
  });
  cdk.synth();
};

const loadCdk = async () => {
  try {
    const [{ App, Duration, Stack }, { DurableFunctions }] = await Promise.all([
      import("aws-cdk-lib"),
      import("../cdk/index.js"),
    ]);
    return { App, Duration, DurableFunctions, Stack };
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "code") === "ERR_MODULE_NOT_FOUND")
      throw new CdkMissingError(error);
    throw error;
  }
};
