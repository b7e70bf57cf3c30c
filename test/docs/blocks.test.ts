/**
 * The documents' TypeScript. Every block compiles, and every block runs.
 *
 * A block that begins with a comment such as `// workflows/app.ts` is the file of that name, and the other blocks of its document import it
<<<<<<< HEAD
 * from there. Tests that are shown are run; stacks are synthesized; clients talk to a deployment in this process, or in a local cloud. What is
 * to be done with a block's workflows says a comment in the page's source, just above it (see play.ts): `<!-- run: start order {"id":"o-1"}; gives "done" -->`.
=======
 * from there; one that begins with `// workflows/app.ts, ` and some words is what becomes of that file later. Tests that are shown are run;
 * stacks are synthesized; clients talk to a deployment in this process. What is to be done with a block's workflows says a comment in the
 * page's source, just above it (see play.ts): `<!-- run: start order {"id":"o-1"}; gives "done" -->`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as cdk from "aws-cdk-lib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { complaints } from "./compiling.js";
import { blocksIn, Evaluation, importsOf } from "./evaluate.js";
import { layOut } from "./ground.js";
import { type Block, placeOf, writtenDocuments } from "./pages.js";
import { deploys, isTest, needsCloud, play } from "./play.js";

/**
 * Bundling takes longer than all the rest, and test/infra/ tests it. The first stack's handlers are bundled; in the stacks after it, these stand
 * for those of the same function, whatever the app, unless they are to run. What a stack is made of is read from its own app, each time.
 */
const bundles = vi.hoisted(() => ({ stand: true }));
vi.mock(import("../../lib/cdk/bundle.js"), async (original) => {
  const real = await original();
  const made = new Map<string, ReturnType<typeof real.bundleHandler>>();
  return {
    ...real,
    bundleHandler: (entry, options) => {
      const handler = entry.source.slice(entry.source.indexOf("export const handler"));
      const bundle = (bundles.stand ? made.get(handler) : undefined) ?? real.bundleHandler(entry, options);
      made.set(handler, bundle);
      return bundle;
    },
  };
});

// Test files share a process: those after this one bundle for themselves.
afterAll(() => {
  vi.doUnmock("../../lib/cdk/bundle.js");
  vi.resetModules();
});

const blocks = writtenDocuments().flatMap(blocksIn);

describe("the TypeScript in the documents", () => {
  it("compiles", { timeout: 120_000 }, () => {
    expect(blocks.length).toBeGreaterThanOrEqual(40);
    expect(complaints(blocks)).toEqual([]);
  });

  it("fits the other files of its page, where it is a file's later state", { timeout: 60_000 }, () => {
    const later = blocks.flatMap((block) => {
      const name = /^\/\/ (\S+\.ts), /.exec(block.text)?.[1];
      return name === undefined ? [] : [{ ...block, name }];
    });
    expect(later.length).toBeGreaterThanOrEqual(1);
    for (const block of later) {
      const beside = blocks.filter(
        ({ document, name }) => document === block.document && name !== block.name,
      );
      expect(complaints([...beside, block])).toEqual([]);
    }
  });

  it("says what is to be done with it, where it defines workflows that no test of its page runs", () => {
    const idle = blocks.filter(
      (block) =>
        block.run === undefined &&
        /\b(workflow|pipeline|pipelinesFromJson)(<[^>]*>)?\(/.test(block.text) &&
        !isTest(block) &&
        !importers(block).some((other) => isTest(other) || other.run !== undefined),
    );
    expect(idle.map(placeOf)).toEqual([]);
  });
});

describe("each block runs:", () => {
  const home = process.cwd();
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
    process.chdir(directory);
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(directory, { recursive: true, force: true });
  });

  const running = blocks.filter((block) => !needsCloud(block) && !deploys(block));
  it.each(running.map((block) => [placeOf(block), block] as const))(
    "%s",
    { timeout: 60_000 },
    async (_, block) => {
      await play(block);
    },
  );

  const inClouds = blocks.filter(needsCloud);
  it.each(inClouds.map((block) => [placeOf(block), block] as const))(
    "%s, in a local cloud",
    { timeout: 120_000 },
    async (_, block) => {
      bundles.stand = false;
      try {
        await play(block);
      } finally {
        bundles.stand = true;
      }
    },
  );

  const deploying = blocks.filter(deploys);
  it.each(deploying.map((block) => [placeOf(block), block] as const))(
    "%s, whose stacks are synthesized",
    { timeout: 120_000 },
    async (_, block) => {
      layOut(block.document);
      const needsNone = (): Promise<never> => Promise.reject(new Error("A stack needs no client."));
      const evaluation = new Evaluation({ client: needsNone, local: {} });
      deploy(await evaluation.evaluate(block), evaluation.stacks);
      expect(evaluation.stacks.length).toBeGreaterThan(0);
      for (const stage of new Set(evaluation.stacks.map((stack) => cdk.Stage.of(stack)))) stage?.synth();
    },
  );
});

const GIVEN = "arn:aws:dynamodb:eu-central-1:111122223333:table/given/stream/2026-01-31T12:00:00.000";

/** A block that only says how a stack is made has its stack made. */
function deploy(exports: Readonly<Record<string, unknown>>, stacks: cdk.Stack[]): void {
  for (const made of Object.values(exports)) {
    if (typeof made !== "function") continue;
    if (made.prototype instanceof cdk.Stack) Reflect.construct(made, [new cdk.App(), "Shown", {}]);
    else {
      const stack = new cdk.Stack(new cdk.App(), "Shown");
      stacks.push(stack);
      // What else it takes are names and ARNs.
      Reflect.apply(made, undefined, [stack, ...Array(Math.max(0, made.length - 1)).fill(GIVEN)]);
    }
  }
}

function importers(block: Block): readonly Block[] {
  const { name } = block;
  if (name === undefined) return [];
  return blocksIn(block.document).filter((other) =>
    importsOf(other).some((from) => from.endsWith(name.replace(/^.*\//, "/").replace(/\.ts$/, ".js"))),
  );
}
