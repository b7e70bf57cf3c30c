import type { Duration } from "aws-cdk-lib";
import type { Runtime } from "aws-cdk-lib/aws-lambda";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { BundlingOptions } from "./bundle.js";
import type { DurableTablesProps, HoldfastTables } from "./durable-tables.js";
import type { Bus } from "./event-routes.js";
import type { EncryptionKey } from "./keys.js";
import type { NetworkProps } from "./network.js";
import type { OperationsProps } from "./operations/props.js";
import type { BucketHandle } from "./payload-bucket.js";

/** The least that functions log: from `debug`, which is everything, to `error`. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a deployment is made of. Only `app` has no default. */
export interface DurableFunctionsProps
  extends Omit<DurableTablesProps, "encryptionKey">,
    NetworkProps,
    OperationsProps {
  /** The file, TypeScript or JavaScript, whose default export is the app; relative to the working directory, or absolute. */
  readonly app: string;
  /**
   * The name of the deployment: its functions stamp it on the events that they send, and metrics are told by it. No other deployment on the bus, or in
   * the account and region, should have it. Keep it when the construct moves.
   * @default made of the path of the construct: `MyStack-Orders-1A2B3C4D`
   */
  readonly serviceName?: string;
  /**
   * Tables that are there already, from a `DurableTables` in a stack of their own. No other deployment may use them. With
   * them, `removalPolicy`, `deletionProtection` and `payloadBucket` are theirs to say.
   * @default a `DurableTables` inside of this construct
   */
  readonly tables?: HoldfastTables;
  /**
   * The bus that events come from and go to; in the functions' account and region.
   * @default a bus of its own
   */
  readonly eventBus?: Bus;
  /**
   * How long one turn may take. A dead turn is noticed after this time plus the margin, so a longer one is a trade.
   * @default 60 seconds
   */
  readonly workerTimeout?: Duration;
  /**
   * How much longer than the function's timeout a message stays invisible, before it is taken for the message of a dead turn.
   * @default 30 seconds
   */
  readonly wakeVisibilityMargin?: Duration;
  /**
   * How long a start may take, the execution's first turn included.
   * @default 60 seconds
   */
  readonly startTimeout?: Duration;
  /**
   * How often the audit looks for what nobody moves; whole minutes.
   * @default 5 minutes
   */
  readonly auditEvery?: Duration;
  /**
   * How long executions are kept after their end; 1 hour or more. The audit then deletes them, a little in every run (docs/retention.md). Choose
   * more than the 14 days after which a message can still come out of a dead-letter queue, and start again what it started.
   * @default for ever
   */
  readonly retention?: Duration;
  /**
   * With `retention`: executions are written down, as compressed lines of JSON, before they are deleted. `true` is the payload bucket, under
   * `_archive/`; another bucket must be in the functions' region.
   * @default they are not
   */
  readonly archive?: true | BucketHandle;
  /**
   * Lets clients keep schedules at run time (`client.schedules`): makes a group and a role for them, and the queue that leads to the start function
   * if nothing else needs it. What workflows declare needs none of it.
   * @default false
   */
  readonly clientSchedules?: boolean;
  /**
   * The most turns that run at once, 2 to 1000. Wakes beyond it wait in the queue.
   * @default what the account allows
   */
  readonly maxConcurrency?: number;
  /**
   * Publishes a version of the worker with each deploy that changes it, and keeps those before: what executions of workflows with
   * `versioning: "pinned"` run on. Say `true` once no workflow is pinned any more, for as long as executions are.
   * @default true if a workflow is pinned
   */
  readonly versions?: boolean;
  /**
   * Memory, in MB, of the functions that run your code: start, worker and deliver. It decides their share of CPU too.
   * @default 512
   */
  readonly memorySize?: number;
  /**
   * Memory, in MB, of the functions that don't: relay and audit.
   * @default 256
   */
  readonly serviceMemorySize?: number;
  /**
   * The version of Node that the functions run on.
   * @default Node 24
   */
  readonly runtime?: Runtime;
  /**
   * The least that the functions log, from `debug` to `error`.
   * @default what the functions' own default is
   */
  readonly logLevel?: LogLevel;
  /**
   * Names of fields whose values `ctx.log` never shows, beside those that it always hides (`password`, `token`, `authorization` and the like:
   * docs/security.md). Case, dashes and underscores make no difference.
   * @default none
   */
  readonly redact?: readonly string[];
  /**
   * How long the functions' logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Environment of the functions that run your code, beside Holdfast's own variables. Lambda takes 4 KB of all of them.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * A KMS key of yours that the queues and the functions' logs are encrypted with, and the tables and the bucket unless `tables` brings them.
   * An imported key's policy must already let CloudWatch Logs and EventBridge use it (docs/deploying.md).
   * @default keys that the services own, without a charge per access
   */
  readonly encryptionKey?: EncryptionKey;
  /**
   * Sends a trace of each sampled invocation to X-Ray, which bills by the trace. It shows invocations; what happens inside of an execution, over
   * days, is for the hooks of `holdfast/otel`.
   * @default false
   */
  readonly tracing?: boolean;
  /** How your code is bundled. */
  readonly bundling?: BundlingOptions;
}
