import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^holdfast$/, replacement: here("lib/index.ts") },
      { find: /^holdfast\/(cdk|testing|local|otel)$/, replacement: here("lib/$1/index.ts") },
      { find: /^holdfast\/functions\/(.*)$/, replacement: here("functions/$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/setup/dynamodb.ts"],
    // The SDK's notice about Node 20 is for those who deploy on it; nobody who runs the tests can act on it.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    // By default vitest leaves a core to others, which is half of a machine of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
