/** How much code Holdfast brings into a function. */
import { packageRoot } from "../../../lib/cdk/package-files.js";
import { bundle } from "../child.js";
import type { Part, Section } from "../section.js";

export interface BundleSizes {
  /** The worker without the SDK and without an app, minified: what is read when it is loaded. */
  readonly engine_bytes: number;
  readonly parts: readonly { readonly what: string; readonly atOnce: number; readonly all: number }[];
}

const EMPTY = `import { app as appOf, workflow } from "holdfast"; const app = appOf({ workflows: [workflow("w", async () => {})] });`;

/** The SDK stays outside of all of them. */
const SDK = ["@aws-sdk/*", "@smithy/*"];

const from = (file: string): string => JSON.stringify(`${packageRoot()}/${file}`);

const PARTS: readonly (readonly [what: string, entry: string])[] = [
  [
    "the worker: engine, store, and what it calls of AWS",
    `${EMPTY} import { createWorker } from ${from("functions/worker")}; export const handler = createWorker(app);`,
  ],
  [
    "of it, a turn: replay and runtime, without a store",
    `export { runTurn } from ${from("lib/runtime/turn/turn")};`,
  ],
  ["of it, the replay core with the context", `export { Replay } from ${from("lib/replay/replay")};`],
];

export const bundleSizes: Section<BundleSizes> = {
  key: "bundle",
  title: "How much code it is",
  says: "Minified as deployed, names kept, with the SDK outside. What a function loads with the SDK stands beside its cold start.",
  async measure() {
    const parts: BundleSizes["parts"][number][] = [];
    for (const [what, entry] of PARTS) {
      const built = await bundle(entry, SDK);
      parts.push({ what, atOnce: built.bytesAtOnce, all: built.bytes });
      await built.remove();
    }
    return { engine_bytes: parts[0]?.atOnce ?? Number.NaN, parts };
  },
  report({ parts }): Part[] {
    return [
      {
        titles: ["What", "KB read at once", "KB in all"],
        rows: parts.map(({ what, atOnce, all }) => [
          what,
          Math.round(atOnce / 1_000),
          Math.round(all / 1_000),
        ]),
      },
    ];
  },
};
