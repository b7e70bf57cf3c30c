import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Those that take longest begin first, so that no core waits for them at the end. */
const LONGEST = [
  // Before anything else has loaded what it replaces.
  "docs/blocks",
  "store/faults",
  "infra/",
  "replay/programs",
  "sim/transaction-crashes",
  "local/killed-cloud",
  "store/dynamodb.",
  "sim/random",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      (LONGEST.findIndex((part) => moduleId.includes(`/test/${part}`)) + LONGEST.length + 1) %
      (LONGEST.length + 1);
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^holdfast$/, replacement: here("lib/index.ts") },
      {
        find: /^holdfast\/(cdk|testing|local|otel|pipeline|pipeline\/client)$/,
        replacement: here("lib/$1/index.ts"),
      },
      { find: /^holdfast\/functions\/(.*)$/, replacement: here("functions/$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/setup/temporary.ts", "test/setup/dynamodb.ts"],
    // Files share a process, and what it has loaded: CDK and the SDK alone take seconds, and a hundred files want them. No test leaves
    // anything behind in a module.
    isolate: false,
    // The SDK's notice about Node 20 is for those who deploy on it; nobody who runs the tests can act on it.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    // By default vitest leaves a core to others, which is half of a machine of two. A third of the time of two workers is waiting (for local
    // clouds, and for time to pass), which a third one fills.
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
