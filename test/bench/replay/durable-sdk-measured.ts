/**
 * Sequential steps in the SDK of AWS Lambda durable functions: once live, over a transport in memory that records them, and then replayed, from
 * the JSON text of the invocation to its answer. Prints one line of JSON. Runs beside an installation of the SDK.
 */
import { given } from "../given.js";
import type { Given, Measured } from "./measured.js";

interface Operation {
  readonly Id: string;
  readonly [field: string]: unknown;
}

interface Update extends Operation {
  readonly Action: string;
  readonly Payload?: string;
}

interface Context {
  step<Value>(name: string, body: () => Promise<Value>): Promise<Value>;
}

interface Sdk {
  withDurableExecution(
    handler: (input: { count: number }, ctx: Context) => Promise<string>,
    config: object,
  ): (event: unknown, context: unknown) => Promise<{ readonly Status: string }>;
}

const ARN = "arn:aws:lambda:us-east-1:123456789012:function:bench:1/durable-execution/bench/1";
const CONTEXT = {
  functionName: "bench",
  functionVersion: "1",
  invokedFunctionArn: ARN,
  awsRequestId: "request",
  memoryLimitInMB: "512",
  logGroupName: "bench",
  logStreamName: "bench",
  getRemainingTimeInMillis: () => 900_000,
};

/** Keeps what is reported as the service would. */
class Transport {
  readonly #operations = new Map<string, Operation>();
  #token = 0;

  constructor(input: unknown) {
    this.#operations.set("execution", {
      Id: "execution",
      Type: "EXECUTION",
      Status: "STARTED",
      StartTimestamp: new Date(0),
      ExecutionDetails: { InputPayload: JSON.stringify(input) },
    });
  }

  readonly client = {
    getExecutionState: async () => ({ Operations: [] }),
    checkpoint: async ({ Updates = [] }: { Updates?: readonly Update[] }) => {
      const Operations = Updates.map((update) => this.#take(update));
      this.#token += 1;
      return { CheckpointToken: String(this.#token), NewExecutionState: { Operations } };
    },
  };

  #take({ Action, Payload, ...update }: Update): Operation {
    const before = this.#operations.get(update.Id) ?? { ...update, StartTimestamp: new Date() };
    const ended = {
      Status: "SUCCEEDED",
      EndTimestamp: new Date(),
      StepDetails: { Attempt: 1, Result: Payload },
    };
    const after = { ...before, ...(Action === "SUCCEED" ? ended : { Status: "STARTED" }) };
    this.#operations.set(update.Id, after);
    return after;
  }

  /** What the service invokes the function with. */
  invocation(): string {
    return JSON.stringify({
      DurableExecutionArn: ARN,
      CheckpointToken: String(this.#token),
      InitialExecutionState: { Operations: [...this.#operations.values()] },
    });
  }
}

async function main({ sizes, rounds }: Given): Promise<Measured> {
  // The name is for the installation that this runs in: Holdfast has none of it.
  const [name = ""] = ["@aws/durable-execution-sdk-js"];
  const { withDurableExecution }: Sdk = await import(name);
  const replays: { steps: number; ms: number[] }[] = [];
  for (const steps of sizes) {
    const transport = new Transport({ count: steps });
    let bodies = 0;
    const handler = withDurableExecution(
      async ({ count }, ctx) => {
        for (let n = 0; n < count; n++) {
          await ctx.step("step", async () => {
            bodies += 1;
            return n;
          });
        }
        return "done";
      },
      { durableExecutionClient: transport.client },
    );
    const invoke = async (text: string): Promise<number> => {
      const began = performance.now();
      const { Status } = await handler(JSON.parse(text), CONTEXT);
      const ms = performance.now() - began;
      if (Status !== "SUCCEEDED" || bodies !== steps)
        throw new Error(`${steps} steps: ${Status}, and ${bodies} bodies ran.`);
      return ms;
    };
    await invoke(transport.invocation());
    const recorded = transport.invocation();
    const ms: number[] = [];
    for (let round = 0; round < rounds; round++) ms.push(await invoke(recorded));
    replays.push({ steps, ms });
  }
  return { node: process.version, replays };
}

console.log(JSON.stringify(await main(given<Given>())));
