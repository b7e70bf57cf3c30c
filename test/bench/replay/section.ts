/** What a turn pays for the history before it. */
import type { Cell } from "../../setup/text-table.js";
import { bundle } from "../child.js";
import type { Runtime } from "../runtime.js";
import type { Part, Section } from "../section.js";
import { type Spread, shownSpread } from "../spread.js";
import { type DurableSdkReplay, durableSdkReplay, replaysOf } from "./durable-sdk.js";
import type { Given, Measured } from "./measured.js";

export interface ReplayFigures {
  /** Milliseconds of a replay of 1,000 recorded steps, in the first of the runs: the median. */
  readonly ms_per_1000: number;
  /** On the Node.js that functions are deployed on, where it installs, and on this process's own. */
  readonly runs: readonly Run[];
  /** The same steps in the SDK of Lambda durable functions, where it was asked for and is at hand. */
  readonly durableSdk: DurableSdkReplay;
}

interface Run {
  /** The version of Node.js. */
  readonly node: string;
  readonly sizes: readonly Size[];
}

interface Size {
  readonly steps: number;
  /** The first replay of a process, before anything is compiled. */
  readonly first: Spread;
  /** When it is compiled. */
  readonly ms: Spread;
}

const PROCESSES = 7;

export const replay: Section<ReplayFigures> = {
  key: "replay",
  title: "What a replay costs",
  says: "From the items that the document client has read, to the place where the code goes on: parsed, checked, and delivered to the workflow one by one.",
  async measure({ quick, tell, peers, runtime }) {
    const script = await bundle(new URL("measured.ts", import.meta.url));
    const processes = quick ? 1 : PROCESSES;
    const given: Given = { sizes: quick ? [100] : [1_000, 10_000], rounds: quick ? 3 : 61 };
    const runOn = async ({ node, version }: Runtime): Promise<Run> => {
      const measured: Measured[] = [];
      for (let n = 1; n <= processes; n++) {
        tell(`${version}, process ${n}: ${given.sizes.join(", ")} steps, ${given.rounds} times each…`);
        for (const size of given.sizes)
          measured.push((await script.run({ ...given, sizes: [size] }, { node })) as Measured);
      }
      return { node: version, sizes: given.sizes.map((steps) => ({ steps, ...replaysOf(steps, measured) })) };
    };
    try {
      const deployed = await runtime();
      const here = { node: process.execPath, version: process.version };
      const runs = [await runOn(deployed), ...(here.version === deployed.version ? [] : [await runOn(here)])];
      const durableSdk = await durableSdkReplay(given, { tell, wanted: peers, processes });
      const first = runs[0]?.sizes[0];
      return { ms_per_1000: first === undefined ? Number.NaN : perEvent(first), runs, durableSdk };
    } finally {
      await script.remove();
    }
  },
  report({ runs, durableSdk }): Part[] {
    return [
      {
        titles: ["Recorded steps", "Node.js", "ms, warm", "µs per event", "ms, the first of a process"],
        rows: [
          ...runs.flatMap(({ node, sizes }) => sizes.map((one) => rowOf(one, "", node))),
          ...durableSdk.sizes.map((one) =>
            rowOf(one, ", by the SDK of Lambda durable functions", durableSdk.node),
          ),
        ],
      },
      ...(durableSdk.why === undefined ? [] : [durableSdk.why]),
    ];
  },
};

/** In microseconds, and so the milliseconds of a thousand. */
const perEvent = ({ steps, ms }: Pick<Size, "steps" | "ms">): number => (1_000 * ms.median) / steps;

function rowOf(one: Size, by: string, node: string): Cell[] {
  const { steps, first, ms } = one;
  return [
    `${steps.toLocaleString("en-US")}${by}`,
    node,
    shownSpread(ms, 1),
    perEvent(one).toFixed(1),
    shownSpread(first, 1),
  ];
}
