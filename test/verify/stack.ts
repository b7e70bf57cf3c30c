/** The stack that is thrown away: on AWS and in the local cloud the same template. */
import { join } from "node:path";
import { App, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { DurableFunctions } from "holdfast/cdk";

export const STACK = "HoldfastVerify";

/** A dead turn is taken over after both. */
export const WORKER_SECONDS = 20;
export const MARGIN_SECONDS = 10;

/** Writes the templates and bundles into a directory. */
export function synthesize(outdir: string): void {
  const cdk = new App({ outdir, analyticsReporting: false });
  new DurableFunctions(new Stack(cdk, STACK), "Holdfast", {
    app: join(import.meta.dirname, "app.ts"),
    serviceName: "verify",
    workerTimeout: Duration.seconds(WORKER_SECONDS),
    wakeVisibilityMargin: Duration.seconds(MARGIN_SECONDS),
    retention: Duration.hours(1),
    archive: true,
    clientSchedules: true,
    removalPolicy: RemovalPolicy.DESTROY,
    deletionProtection: false,
    logLevel: "debug",
  });
  cdk.synth();
}
