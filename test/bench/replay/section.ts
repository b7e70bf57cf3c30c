/** What a turn pays for the history before it. */
import type { Cell } from "../../setup/text-table.js";
import { bundle } from "../child.js";
import type { Part, Section } from "../section.js";
import { type Spread, shownSpread } from "../spread.js";
import { type DurableSdkReplay, durableSdkReplay, replaysOf } from "./durable-sdk.js";
import type { Given, Measured } from "./measured.js";

export interface ReplayFigures {
  /** Milliseconds of a replay of 1,000 recorded steps: the median. */
  readonly ms_per_1000: number;
  readonly sizes: readonly {
    readonly steps: number;
    /** The first replay of a process, before anything is compiled. */
    readonly first: Spread;
    /** When it is compiled. */
    readonly ms: Spread;
  }[];
  /** The same steps in the SDK of Lambda durable functions, where it was asked for and is at hand. */
  readonly durableSdk: DurableSdkReplay;
}

const PROCESSES = 7;

export const replay: Section<ReplayFigures> = {
  key: "replay",
  title: "What a replay costs",
  says: "From the items that the document client has read, to the place where the code goes on: parsed, checked, and delivered to the workflow one by one.",
  async measure({ quick, tell, peers }) {
    const script = await bundle(new URL("measured.ts", import.meta.url));
    const processes = quick ? 1 : PROCESSES;
    const given: Given = { sizes: quick ? [100] : [1_000, 10_000], rounds: quick ? 3 : 21 };
    try {
      const measured: Measured[] = [];
      for (let n = 1; n <= processes; n++) {
        tell(`process ${n}: ${given.sizes.join(", ")} steps, ${given.rounds} times each…`);
        for (const size of given.sizes)
          measured.push((await script.run({ ...given, sizes: [size] })) as Measured);
      }
      const sizes = given.sizes.map((steps) => ({ steps, ...replaysOf(steps, measured) }));
      const durableSdk = await durableSdkReplay(given, { tell, wanted: peers, processes });
      const [first] = sizes;
      return { ms_per_1000: first === undefined ? Number.NaN : perEvent(first), sizes, durableSdk };
    } finally {
      await script.remove();
    }
  },
  report({ sizes, durableSdk }): Part[] {
    return [
      {
        titles: ["Recorded steps", "ms, warm", "µs per event", "ms, the first of a process"],
        rows: [
          ...sizes.map((one) => rowOf(one, "")),
          ...durableSdk.sizes.map((one) => rowOf(one, ", by the SDK of Lambda durable functions")),
        ],
      },
      ...(durableSdk.why === undefined ? [] : [durableSdk.why]),
    ];
  },
};

/** In microseconds, and so the milliseconds of a thousand. */
const perEvent = ({ steps, ms }: ReplayFigures["sizes"][number]): number => (1_000 * ms.median) / steps;

function rowOf(one: ReplayFigures["sizes"][number], by: string): Cell[] {
  const { steps, first, ms } = one;
  return [
    `${steps.toLocaleString("en-US")}${by}`,
    shownSpread(ms, 1),
    perEvent(one).toFixed(1),
    shownSpread(first, 1),
  ];
}
