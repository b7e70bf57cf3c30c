/** What the first call of a new process takes. */
import { pathToFileURL } from "node:url";
import type { Cell } from "../../setup/text-table.js";
import { type Bundle, bundle, runNode } from "../child.js";
import type { Part, Section } from "../section.js";
import { type Spread, shownSpread, spreadOf } from "../spread.js";
import { bareHandler } from "./bare.js";
import type { FirstCall } from "./first-call.js";
import { FUNCTIONS, type Measured } from "./functions.js";
import { type Ground, openGround } from "./ground.js";

export interface FunctionStart {
  readonly name: string;
  readonly does: string;
  readonly calls: number;
  /** Import and first call, in milliseconds. */
  readonly ours: Spread;
  readonly bare: Spread;
  /** The median of the pairs. */
  readonly ratio: number;
  /** Processor time of the process: without the time of what it calls. */
  readonly cpuMs: Spread;
  readonly bareCpuMs: Spread;
  /** Of the import alone. */
  readonly importMs: Spread;
  readonly bareImportMs: Spread;
  readonly bytes: number;
  readonly bytesAtOnce: number;
}

export interface ColdStart {
  /** The worker's. */
  readonly ratio: number;
  readonly functions: readonly FunctionStart[];
}

const PAIRS = 15;

export const coldStart: Section<ColdStart> = {
  key: "coldStart",
  title: "What a cold start costs",
  says: "Import and first call in a fresh process, and the same of a bare handler that makes the same calls by the same clients, in turns. Node.js' own start is not in it.",
  async measure({ quick, tell }) {
    const ground = await openGround();
    const script = await bundle(new URL("first-call.ts", import.meta.url));
    try {
      const functions: FunctionStart[] = [];
      for (const one of FUNCTIONS) {
        tell(`${one.name}: ${one.does}…`);
        functions.push(await measure(one, { ground, script: script.file, pairs: quick ? 1 : PAIRS }));
      }
      return { ratio: functions[0]?.ratio ?? Number.NaN, functions };
    } finally {
      await script.remove();
      await ground.stop();
    }
  },
  report({ functions }): Part[] {
    return [
      {
        titles: [
          "First call of",
          "ms",
          "a bare handler's",
          "times",
          "processor, ms",
          "bare",
          "import alone, ms",
          "bare",
          "KB read at once",
          "KB in all",
        ],
        rows: functions.map((one): Cell[] => [
          `${one.name}: ${one.does} (${one.calls} calls)`,
          shownSpread(one.ours, 0),
          shownSpread(one.bare, 0),
          one.ratio.toFixed(2),
          one.cpuMs.median.toFixed(0),
          one.bareCpuMs.median.toFixed(0),
          one.importMs.median.toFixed(0),
          one.bareImportMs.median.toFixed(0),
          Math.round(one.bytesAtOnce / 1_000),
          Math.round(one.bytes / 1_000),
        ]),
      },
    ];
  },
};

interface Setting {
  readonly ground: Ground;
  readonly script: string;
  readonly pairs: number;
}

async function measure(one: Measured, { ground, script, pairs }: Setting): Promise<FunctionStart> {
  const ours = await bundle(one.entry);
  const call = async (of: Bundle, event: unknown): Promise<FirstCall> => {
    const given = { handler: pathToFileURL(of.file).href, event };
    return (await runNode(script, given, { environment: ground.environment })) as FirstCall;
  };
  // The first start of all records the code.
  await call(ours, await one.event(ground, 0));
  const tried = await call(ours, await one.event(ground, 1));
  const bare = await bundle(bareHandler(tried.calls));
  try {
    await call(bare, {});
    const calls: { ours: FirstCall; bare: FirstCall }[] = [];
    for (let n = 2; n <= pairs + 1; n++) {
      const event = await one.event(ground, n);
      const pair = { ours: await call(ours, event), bare: await call(bare, {}) };
      if (pair.ours.calls.length !== tried.calls.length)
        throw new Error(
          `${one.name} made ${pair.ours.calls.length} calls, and ${tried.calls.length} before.`,
        );
      calls.push(pair);
    }
    const whole = ({ importMs, callMs }: FirstCall): number => importMs + callMs;
    return {
      name: one.name,
      does: one.does,
      calls: tried.calls.length,
      ours: spreadOf(calls.map((pair) => whole(pair.ours))),
      bare: spreadOf(calls.map((pair) => whole(pair.bare))),
      ratio: spreadOf(calls.map((pair) => whole(pair.ours) / whole(pair.bare))).median,
      cpuMs: spreadOf(calls.map((pair) => pair.ours.cpuMs)),
      bareCpuMs: spreadOf(calls.map((pair) => pair.bare.cpuMs)),
      importMs: spreadOf(calls.map((pair) => pair.ours.importMs)),
      bareImportMs: spreadOf(calls.map((pair) => pair.bare.importMs)),
      bytes: ours.bytes,
      bytesAtOnce: ours.bytesAtOnce,
    };
  } finally {
    await ours.remove();
    await bare.remove();
  }
}
