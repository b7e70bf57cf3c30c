/** What the script of a peer does, once its engine is up: it runs the same loads as Holdfast, counts, and prints one line of JSON. */
import { given } from "../../given.js";
import { type Counted, type Counts, countedOf, difference, MANY_STEPS } from "../counts.js";
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

async function measured({ run, counts }: Engine, { loads, warmUp, counted }: Given): Promise<PeerRan> {
  await inARow(warmUp, STEPS, run);
  const count = async (steps: number): Promise<Counts> => {
    const before = await counts();
    await inARow(counted, steps, run);
    return difference(before, await counts());
  };
  const [short, long] = [await count(STEPS), await count(MANY_STEPS)];
  const ran: Ran[] = [];
  for (const load of loads) ran.push(await drive(load, run));
  return { ran, counted: countedOf(counted, short, long) };
}
