/** The same steps replayed by the SDK of AWS Lambda durable functions, in the same run, over a transport in memory. */
import { bundle, runNode } from "../child.js";
import { install } from "../installation.js";
import { type Spread, spreadOf } from "../spread.js";
import type { Given, Measured } from "./measured.js";

const SDK = "@aws/durable-execution-sdk-js@2.4.0";

/** One execution of it holds no more. */
const MOST_STEPS = 2_999;

export interface DurableSdkReplay {
  readonly sizes: readonly { readonly steps: number; readonly first: Spread; readonly ms: Spread }[];
  /** The version of Node.js that it ran on; empty where it did not. */
  readonly node: string;
  /** Why there are none. */
  readonly why?: string;
}

export async function durableSdkReplay(
  given: Given,
  { tell, wanted, processes }: { tell: (line: string) => void; wanted: boolean; processes: number },
): Promise<DurableSdkReplay> {
  if (!wanted)
    return { sizes: [], node: "", why: "The SDK of Lambda durable functions was not asked for: `--peers`." };
  tell(`installing ${SDK}…`);
  const script = await bundle(new URL("durable-sdk-measured.ts", import.meta.url));
  try {
    const installation = await install([SDK]);
    try {
      const file = await installation.add(script);
      const steps = given.sizes.map((size) => Math.min(size, MOST_STEPS));
      const measured: Measured[] = [];
      for (let n = 1; n <= processes; n++) {
        tell(`process ${n} of the SDK: ${steps.join(", ")} steps, ${given.rounds} times each…`);
        for (const size of steps)
          measured.push((await runNode(file, { ...given, sizes: [size] }, installation)) as Measured);
      }
      return {
        sizes: steps.map((size) => ({ steps: size, ...replaysOf(size, measured) })),
        node: measured[0]?.node ?? "",
      };
    } finally {
      await installation.remove();
    }
  } catch (error) {
    return {
      sizes: [],
      node: "",
      why: `The SDK of Lambda durable functions could not be measured: ${String(error)}`,
    };
  } finally {
    await script.remove();
  }
}

/** Over the processes: the first replay of each, and the median of each one's later half, when it is compiled. */
export function replaysOf(steps: number, measured: readonly Measured[]): { first: Spread; ms: Spread } {
  const all = measured.flatMap(({ replays }) => replays.filter((one) => one.steps === steps));
  return {
    first: spreadOf(all.map(({ ms }) => ms[0] ?? Number.NaN)),
    ms: spreadOf(all.map(({ ms }) => spreadOf(ms.slice(Math.floor(ms.length / 2))).median)),
  };
}
