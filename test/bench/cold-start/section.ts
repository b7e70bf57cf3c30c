/** What the first call of a new process takes. */
import { pathToFileURL } from "node:url";
import type { Cell } from "../../setup/text-table.js";
import { bundle, runNode } from "../child.js";
import type { Part, Section } from "../section.js";
import { type Spread, shownSpread, spreadOf } from "../spread.js";
import { bareHandler } from "./bare.js";
import type { FirstCall } from "./first-call.js";
import { FUNCTIONS, type Measured } from "./functions.js";
import { type Ground, openGround } from "./ground.js";
import { plainBundle } from "./plain-bundle.js";

export interface FunctionStart {
  readonly name: string;
  readonly does: string;
  readonly calls: number;
  /** Import and first call, in milliseconds. */
  readonly ours: Spread;
  readonly bare: Spread;
  /** The median of ours to the bare handler's beside it. */
  readonly ratio: number;
  /** The same to a bare handler by our bundler, which leaves out what looks for credentials everywhere. */
  readonly ratioInParts: number;
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
  /** The version that it ran on. */
  readonly node: string;
  readonly functions: readonly FunctionStart[];
}

const PAIRS = 15;

export const coldStart: Section<ColdStart> = {
  key: "coldStart",
  title: "What a cold start costs",
  says: "Import and first call in a fresh process, and the same of a bare handler that makes the same calls by the same clients, as people bundle it, in turns. Node.js' own start is not in it.",
  async measure({ quick, tell, runtime }) {
    const { node, version } = await runtime();
    const ground = await openGround();
    const script = await bundle(new URL("first-call.ts", import.meta.url));
    try {
      const functions: FunctionStart[] = [];
      for (const one of FUNCTIONS) {
        tell(`${one.name}: ${one.does}…`);
        functions.push(await measure(one, { ground, node, script: script.file, pairs: quick ? 1 : PAIRS }));
      }
      return { ratio: functions[0]?.ratio ?? Number.NaN, node: version, functions };
    } finally {
      await script.remove();
      await ground.stop();
    }
  },
  report({ functions, node }): Part[] {
    return [
      `On Node.js ${node}:`,
      {
        titles: [
          "First call of",
          "ms",
          "a bare handler's",
          "times",
          "times a bare one in parts",
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
          one.ratioInParts.toFixed(2),
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
  readonly node: string;
  readonly script: string;
  readonly pairs: number;
}

async function measure(one: Measured, { ground, node, script, pairs }: Setting): Promise<FunctionStart> {
  const ours = await bundle(one.entry);
  const call = async ({ file }: { readonly file: string }, event: unknown): Promise<FirstCall> => {
    const given = { handler: pathToFileURL(file).href, event };
    return (await runNode(script, given, { node, environment: ground.environment })) as FirstCall;
  };
  // The first start of all records the code.
  await call(ours, await one.event(ground, 0));
  const tried = await call(ours, await one.event(ground, 1));
  const handler = bareHandler(tried.calls);
  const bare = await plainBundle(handler);
  const inParts = await bundle(handler);
  try {
    await call(bare, {});
    await call(inParts, {});
    const rounds: Record<"ours" | "bare" | "inParts", FirstCall>[] = [];
    for (let n = 2; n <= pairs + 1; n++) {
      const event = await one.event(ground, n);
      const round = {
        ours: await call(ours, event),
        bare: await call(bare, {}),
        inParts: await call(inParts, {}),
      };
      if (round.ours.calls.length !== tried.calls.length)
        throw new Error(
          `${one.name} made ${round.ours.calls.length} calls, and ${tried.calls.length} before.`,
        );
      rounds.push(round);
    }
    const whole = ({ importMs, callMs }: FirstCall): number => importMs + callMs;
    return {
      name: one.name,
      does: one.does,
      calls: tried.calls.length,
      ours: spreadOf(rounds.map((round) => whole(round.ours))),
      bare: spreadOf(rounds.map((round) => whole(round.bare))),
      ratio: spreadOf(rounds.map((round) => whole(round.ours) / whole(round.bare))).median,
      ratioInParts: spreadOf(rounds.map((round) => whole(round.ours) / whole(round.inParts))).median,
      cpuMs: spreadOf(rounds.map((round) => round.ours.cpuMs)),
      bareCpuMs: spreadOf(rounds.map((round) => round.bare.cpuMs)),
      importMs: spreadOf(rounds.map((round) => round.ours.importMs)),
      bareImportMs: spreadOf(rounds.map((round) => round.bare.importMs)),
      bytes: ours.bytes,
      bytesAtOnce: ours.bytesAtOnce,
    };
  } finally {
    await ours.remove();
    await bare.remove();
    await inParts.remove();
  }
}
