/** What the script of a peer does, once its engine is up: it runs the same loads as Holdfast, counts, and prints one line of JSON. */
import { given } from "../../given.js";
import { type Counted, type Counts, countedBetween, countedOf, MANY_STEPS, NOTHING } from "../counts.js";
import { drive, inARow, type Load, type Ran, type Run } from "../drive.js";
import { STEPS } from "../story.js";

export interface Given {
  readonly loads: readonly Load[];
  /** Executions that are run before anything is measured. */
  readonly warmUp: number;
  /** Executions whose writes are counted. */
  readonly counted: number;
  /** A folder of the script's own, for data. */
  readonly directory: string;
}

export interface PeerRan {
  readonly ran: readonly Ran[];
  readonly counted: Counted;
}

export interface Engine {
  readonly run: Run;
  /** What its store has done until now. */
  counts(): Promise<Counts>;
  stop(): Promise<void>;
}

export async function script(start: (directory: string) => Promise<Engine>): Promise<void> {
  // So that servers, which end with this process, end when it is told to.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1));
  const asked = given<Given>();
  const engine = await start(asked.directory);
  let ran: PeerRan;
  try {
    ran = await measured(engine, asked);
  } finally {
    await engine.stop();
  }
  // Engines keep timers and connections.
  process.stdout.write(`${JSON.stringify(ran)}\n`, () => process.exit());
}

/** What engines do by themselves is looked at for so long. */
const IDLE_MS = 3_000;

async function measured(engine: Engine, { loads, warmUp, counted }: Given): Promise<PeerRan> {
  const { run } = engine;
  // As many at once as will be.
  await drive({ inFlight: Math.max(...loads.map(({ inFlight }) => inFlight)), executions: warmUp }, run);
  const count = async (idle: Counts, work: () => Promise<unknown>): Promise<Counts & { seconds: number }> => {
    const before = await engine.counts();
    const began = performance.now();
    await work();
    const after = await engine.counts();
    const seconds = (performance.now() - began) / 1_000;
    return { ...countedBetween(before, after, seconds, idle), seconds };
  };
  const idle = await count(NOTHING, () => new Promise((wake) => setTimeout(wake, IDLE_MS)));
  const rate: Counts = {
    roundTrips: idle.roundTrips / idle.seconds,
    writes: idle.writes / idle.seconds,
    syncs: (idle.syncs ?? 0) / idle.seconds,
  };
  const short = await count(rate, () => inARow(counted, STEPS, run));
  const long = await count(rate, () => inARow(counted, MANY_STEPS, run));
  const ran: Ran[] = [];
  for (const load of loads) ran.push(await drive(load, run));
  return { ran, counted: countedOf(counted, short, long) };
}
