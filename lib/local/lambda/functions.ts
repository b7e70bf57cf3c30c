/** All functions of the cloud, by name: their processes, their environment, their logs. */
import { devNull } from "node:os";
import { arn, REGION } from "../arn.js";
import type { Chaos } from "../chaos/chaos.js";
import { killerOf } from "../chaos/deliveries.js";
import type { ClockSettings } from "../clock.js";
import type { LogLine } from "../notices.js";
import type { NotBegun } from "./not-begun.js";
import { type FunctionSpec, Pool, type ProcessInfo } from "./pool.js";
import type { Outcome, SandboxSpec } from "./sandbox.js";
import type { Versions } from "./versions.js";

const LATEST = "$LATEST";

const keyOf = (name: string, version?: string): string =>
  version === undefined ? name : `${name}:${version}`;

export interface FunctionsOptions {
  readonly bootstrap: string;
  /** Endpoints, fake credentials and how fast time runs, the same for every function. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: ClockSettings;
  readonly onLog: (line: LogLine) => void;
  readonly chaos: Chaos | undefined;
  readonly versions: Versions;
}

export class Functions {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly options: FunctionsOptions) {}

  create(spec: FunctionSpec): void {
    const { bootstrap, onLog, chaos } = this.options;
    const env = { ...inherited(), ...this.options.environment, ...awsVariables(spec), ...spec.environment };
    const sandbox = (): SandboxSpec => ({
      bootstrap,
      codeDir: spec.codeDir,
      memoryMb: spec.memoryMb,
      env: { ...env, ...this.skewed(spec) },
      onLine: (stream, text) => onLog({ functionName: spec.name, logicalId: spec.logicalId, stream, text }),
    });
    const killer = chaos === undefined ? undefined : killerOf(spec.name, chaos);
    this.pools.set(keyOf(spec.name, spec.version), new Pool(spec, sandbox, killer));
  }

  /** The clock of one more process, in real time. */
  private skewed({ name }: FunctionSpec): Record<string, string> {
    const { chaos, clock } = this.options;
    if (chaos === undefined || chaos.settings.skewMs === 0) return {};
    return { HOLDFAST_CLOCK_SKEW_MS: String(Math.round(chaos.skewOf(name) / clock.scale)) };
  }

  /** By physical name; by logical id, too, which is what a person knows. After a colon, a version or an alias. */
  find(qualified: string): Pool | undefined {
    const [name = "", qualifier] = qualified.split(":");
    const latest =
      this.pools.get(name) ?? [...this.pools.values()].find((pool) => pool.spec.logicalId === name);
    if (qualifier === undefined || qualifier === LATEST) return latest;
    // Of a function that is gone, versions are gone, too.
    if (latest === undefined) return undefined;
    const version = this.options.versions.resolve(latest.spec.name, qualifier);
    return version === undefined ? undefined : this.pools.get(keyOf(latest.spec.name, version));
  }

  get versions(): Versions {
    return this.options.versions;
  }

  require(name: string): Pool {
    const pool = this.find(name);
    if (pool !== undefined) return pool;
    throw new Error(
      `There is no function "${name}". The templates define ${this.names().join(", ") || "none"}.`,
    );
  }

  names(): string[] {
    return [...this.pools.values()].flatMap(({ spec }) => (spec.version === undefined ? [spec.name] : []));
  }

  /** To every process of a function, whatever its version; says to how many. */
  kill(name: string, signal: NodeJS.Signals): number {
    const { name: physical } = this.require(name).spec;
    const pools = [...this.pools.values()].filter((pool) => pool.spec.name === physical);
    return pools.reduce((count, pool) => count + pool.kill(signal), 0);
  }

  invoke(name: string, payload: string): Promise<Outcome | NotBegun> {
    return this.require(name).invoke(payload);
  }

  processes(): ProcessInfo[] {
    return [...this.pools.values()].flatMap((pool) => pool.processes());
  }

  /** Lets running invocations finish for a short while, then kills what is left. */
  async stop(graceMs: number): Promise<void> {
    const pools = [...this.pools.values()];
    for (const pool of pools) pool.close();
    const deadline = Date.now() + graceMs;
    while (pools.some((pool) => pool.busy) && Date.now() < deadline) {
      await new Promise((wake) => setTimeout(wake, 20));
    }
    await Promise.all(pools.map((pool) => pool.end()));
  }
}

/** Of our own environment only what any process needs: the user's real AWS profile must never reach a function. */
const inherited = (): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "TMPDIR", "TEMP", "SystemRoot", "LANG"]) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
};

const awsVariables = (spec: FunctionSpec): Record<string, string> => ({
  _HANDLER: spec.handler,
  LAMBDA_TASK_ROOT: spec.codeDir,
  HOLDFAST_FUNCTION_ARN: arn.lambda(spec.name),
  AWS_LAMBDA_FUNCTION_NAME: spec.name,
  AWS_LAMBDA_FUNCTION_VERSION: spec.version ?? LATEST,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: "local",
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs",
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  TZ: ":UTC",
  // A profile of the user's own must not take part.
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
});
