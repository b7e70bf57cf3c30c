/** What a step costs beyond the write that makes it durable. */
import { startDynamoDb } from "../../../lib/local/dynamodb.js";
import { bundle } from "../child.js";
import type { Part, Section } from "../section.js";
import { type Spread, shownSpread, spreadOf } from "../spread.js";
import type { Given, Measured } from "./measured.js";

export interface StepOverhead {
  /** Time of a step divided by that of a raw conditional write of the same item: the median over the pairs of blocks. */
  readonly ratio: number;
  readonly ratios: Spread;
  readonly steps: number;
  readonly itemBytes: number;
  /** Milliseconds of one. */
  readonly step: Spread;
  readonly raw: Spread;
  /** Processor time of the process, in microseconds of one. */
  readonly stepCpuUs: number;
  readonly rawCpuUs: number;
  /** The same workflow on a store in memory: microseconds of a step. */
  readonly inMemory: readonly { readonly steps: number; readonly us: Spread }[];
  /** The version that it ran on. */
  readonly node: string;
}

export const stepOverhead: Section<StepOverhead> = {
  key: "stepOverhead",
  title: "What a step adds to its write",
  says: "Trivial sequential steps, and raw conditional writes of the same items by the same client, in alternating blocks of one run on one DynamoDB Local.",
  async measure({ quick, tell, runtime }) {
    const script = await bundle(new URL("measured.ts", import.meta.url));
    const database = await startDynamoDb({ inMemory: true, lasting: true });
    try {
      const given: Given = {
        endpoint: database.endpoint,
        steps: quick ? 100 : 3_000,
        pairs: quick ? 2 : 15,
        inMemory: quick ? [100, 1_000] : [100, 1_000, 10_000],
      };
      tell(`${given.pairs} pairs of ${given.steps} steps and ${given.steps} raw writes…`);
      const { node, version } = await runtime();
      return figuresOf((await script.run(given, { node })) as Measured, given.steps, version);
    } finally {
      await database.stop();
      await script.remove();
    }
  },
  report({ ratios, steps, itemBytes, step, raw, stepCpuUs, rawCpuUs, inMemory, node }): Part[] {
    return [
      `On Node.js ${node}, a step takes ${shownSpread(ratios)} times as long as a raw conditional \`PutItem\` of the same ${itemBytes} bytes: median, least and most of ${ratios.all.length} pairs of blocks of ${steps.toLocaleString("en-US")} each.`,
      {
        titles: ["Of one", "ms: median (least to most)", "processor time of the process, µs"],
        rows: [
          ["step", shownSpread(step), Math.round(stepCpuUs)],
          ["raw write", shownSpread(raw), Math.round(rawCpuUs)],
        ],
      },
      {
        titles: ["On a store in memory, steps of one execution", "µs of a step: median (least to most)"],
        rows: inMemory.map((one) => [one.steps, shownSpread(one.us, 0)]),
      },
    ];
  },
};

export function figuresOf(measured: Measured, steps: number, node: string): StepOverhead {
  const { engine, raw, engineCpu, rawCpu, itemBytes, inMemory } = measured;
  const ratios = spreadOf(engine.map((ms, index) => ms / (raw[index] ?? Number.NaN)));
  const each = (all: readonly number[]): Spread => spreadOf(all.map((ms) => ms / steps));
  const us = (all: readonly number[]): number => 1_000 * each(all).median;
  return {
    node,
    ratio: ratios.median,
    ratios,
    steps,
    itemBytes,
    step: each(engine),
    raw: each(raw),
    stepCpuUs: us(engineCpu),
    rawCpuUs: us(rawCpu),
    inMemory: inMemory.map(({ steps: count, ms }) => ({
      steps: count,
      us: spreadOf(ms.map((one) => (1_000 * one) / count)),
    })),
  };
}
