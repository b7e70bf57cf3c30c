/** Holdfast on the local cloud: the synthesized template of a small app, its functions in processes of their own, DynamoDB Local. */
import { AsyncLocalStorage } from "node:async_hooks";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DurableClient } from "holdfast";
import { startCloud, startDynamoDb } from "holdfast/local";
import { namesFromOutputs } from "../../../lib/aws/stack-names.js";
import { APP_STACK, synthesizeApp } from "../../../lib/local/synthesize-app.js";
import { order, TELLS_TURNS, TURN, type TurnLine } from "./app.js";
import { type Call, isOfDynamoDb, isPutBack, isWrite, nowMs, watchCalls } from "./calls.js";
import { type Counted, type Counts, countedOf, MANY_STEPS } from "./counts.js";
import { drive, inARow, type Load, type Ran } from "./drive.js";
import { medianPhases, type Phases, phasesOf, type Seen } from "./phases.js";
import { type Order, STEPS } from "./story.js";

export interface HoldfastLoad extends Ran {
  readonly phases: Phases;
  /** The part of the executions whose wake came before the write that creates them, and was put back for a second. */
  readonly putBack: number;
}

export interface HoldfastRan {
  readonly ran: readonly HoldfastLoad[];
  readonly counted: Counted;
}

export interface Asked {
  readonly loads: readonly Load[];
  readonly warmUp: number;
  readonly counted: number;
}

/** A worker's line comes by a pipe, and may be behind the result. */
const LINES_WITHIN_MS = 10_000;

/** @param onDisk DynamoDB Local keeps its tables in a file instead of in memory */
export async function measureHoldfast(
  { loads, warmUp, counted }: Asked,
  onDisk: boolean,
): Promise<HoldfastRan> {
  const rig = await open(onDisk);
  try {
    // With as many at once as will be: every process that the loads take has begun, and has compiled its code.
    await drive(
      { inFlight: Math.max(...loads.map(({ inFlight }) => inFlight)), executions: warmUp },
      rig.run,
    );
    const count = async (steps: number): Promise<Counts> => {
      rig.forget();
      await inARow(counted, steps, rig.run);
      return countsOf([...rig.starts(), ...(await rig.turns()).flatMap(({ turn }) => turn.calls)]);
    };
    const [short, long] = [await count(STEPS), await count(MANY_STEPS)];
    const ran: HoldfastLoad[] = [];
    for (const load of loads) {
      rig.forget();
      const one = await drive(load, rig.run);
      const turns = await rig.turns();
      const putBack = turns.flatMap(({ turn }) => turn.before.filter(isPutBack)).length / turns.length;
      ran.push({
        ...one,
        phases: medianPhases(turns.map(({ seen, turn }) => phasesOf(seen, turn))),
        putBack,
      });
    }
    return { ran, counted: countedOf(counted, short, long) };
  } finally {
    await rig.close();
  }
}

function countsOf(calls: readonly Call[]): Counts {
  const ofTables = calls.filter(isOfDynamoDb);
  return { roundTrips: ofTables.length, writes: ofTables.filter(isWrite).length };
}

interface Rig {
  run(order: Order): Promise<unknown>;
  /** What was seen until now is of no more interest. */
  forget(): void;
  /** Calls of the client that started executions. */
  starts(): readonly Call[];
  /** Of each execution, once its worker's line is there. @throws when one had more than one turn */
  turns(): Promise<readonly { readonly seen: Seen; readonly turn: TurnLine }[]>;
  close(): Promise<void>;
}

async function open(onDisk: boolean): Promise<Rig> {
  const undo: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-throughput-"));
    undo.push(() => rmSync(directory, { recursive: true, force: true }));
    const templates = join(directory, "cdk.out");
    await synthesizeApp(
      {
        app: join(import.meta.dirname, "app.ts"),
        serviceName: "bench",
        environment: { [TELLS_TURNS]: "1" },
        logLevel: "error",
      },
      templates,
    );
    const database = await startDynamoDb({
      inMemory: !onDisk,
      dataDir: join(directory, "dynamodb"),
      lasting: true,
    });
    undo.push(() => database.stop());
    let turns: TurnLine[] = [];
    const cloud = await startCloud({
      templates,
      inMemory: true,
      dynamodbEndpoint: database.endpoint,
      onLog: ({ text }) => {
        if (text.startsWith(TURN)) turns.push(JSON.parse(text.slice(TURN.length)));
      },
    });
    undo.push(() => cloud.stop());
    const outputs = new Map(cloud.stacks.flatMap((stack) => Object.entries(stack.outputs)));
    const client = new DurableClient({
      ...namesFromOutputs(APP_STACK, outputs),
      environment: cloud.environment,
    });

    let seen: Seen[] = [];
    let starts: Call[] = [];
    const starting = new AsyncLocalStorage<true>();
    watchCalls(
      (call) => starts.push(call),
      () => starting.getStore() === true,
    );
    return {
      async run(asked) {
        const began = nowMs();
        const executionId = `order-${asked.n}`;
        await starting.run(true, () => client.start(order, asked, { id: executionId }));
        const started = nowMs();
        const result = await client.result(executionId);
        seen.push({ executionId, began, started, ended: nowMs() });
        return result;
      },
      forget() {
        seen = [];
        starts = [];
        turns = [];
      },
      starts: () => starts,
      async turns() {
        for (const until = Date.now() + LINES_WITHIN_MS; turns.length < seen.length && Date.now() < until; )
          await new Promise((wake) => setTimeout(wake, 10));
        const byId = new Map(turns.map((turn) => [turn.executionId, turn]));
        if (turns.length !== seen.length || byId.size !== seen.length)
          throw new Error(`${seen.length} executions had ${turns.length} turns; one for each was expected.`);
        return seen.flatMap((one) => {
          const turn = byId.get(one.executionId);
          return turn === undefined ? [] : [{ seen: one, turn }];
        });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
