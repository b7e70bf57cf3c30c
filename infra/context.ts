import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** What can be said on the command line, `-c name=value`, about a deployment of this repository's own app. */
export interface Settings {
  /** `-c service=`: the name of the deployment. */
  readonly service: string;
  /** `-c stage=`: goes before the stacks' names and after the service's, so that several can stand in one account. */
  readonly stage?: string;
  /** `-c dev=true`: the tables may be deleted, and are when their stack is. */
  readonly dev: boolean;
  /** `-c workerTimeout=`, `-c wakeVisibilityMargin=`, `-c startTimeout=`: seconds. */
  readonly workerTimeout?: Duration;
  readonly wakeVisibilityMargin?: Duration;
  readonly startTimeout?: Duration;
  /** `-c auditEvery=`: minutes. */
  readonly auditEvery?: Duration;
}

/** Reads the settings; a value that is not what it should be is named, with what was expected. */
export function readSettings(scope: Construct): Settings {
  const stage = text(scope, "stage");
  const workerTimeout = duration(scope, "workerTimeout", Duration.seconds);
  const wakeVisibilityMargin = duration(scope, "wakeVisibilityMargin", Duration.seconds);
  const startTimeout = duration(scope, "startTimeout", Duration.seconds);
  const auditEvery = duration(scope, "auditEvery", Duration.minutes);
  const service = text(scope, "service") ?? "holdfast";
  return {
    service: stage === undefined ? service : `${service}-${stage}`,
    ...(stage === undefined ? {} : { stage }),
    dev: flag(scope, "dev", false),
    ...(workerTimeout === undefined ? {} : { workerTimeout }),
    ...(wakeVisibilityMargin === undefined ? {} : { wakeVisibilityMargin }),
    ...(startTimeout === undefined ? {} : { startTimeout }),
    ...(auditEvery === undefined ? {} : { auditEvery }),
  };
}

/** A value is a string from the command line, and anything from a file or a test. */
function text(scope: Construct, name: string): string | undefined {
  const value: unknown = scope.node.tryGetContext(name);
  return value === undefined || value === "" ? undefined : String(value);
}

function duration(scope: Construct, name: string, unit: (amount: number) => Duration): Duration | undefined {
  const value = text(scope, name);
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(value)) throw wrongContext(name, "a whole number above zero", value);
  return unit(Number(value));
}

function flag(scope: Construct, name: string, otherwise: boolean): boolean {
  const value = text(scope, name);
  if (value === undefined) return otherwise;
  if (value !== "true" && value !== "false") throw wrongContext(name, "true or false", value);
  return value === "true";
}

function wrongContext(name: string, expected: string, found: string): Error {
  return new Error(
    `The context value "${name}" cannot be used: expected ${expected}, found "${found}". Pass it as -c ${name}=<value>.`,
  );
}
