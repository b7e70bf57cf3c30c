import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^holdfast$/, replacement: here("lib/index.ts") },
      { find: /^holdfast\/(cdk|testing|local)$/, replacement: here("lib/$1/index.ts") },
      { find: /^holdfast\/functions\/(.*)$/, replacement: here("functions/$1.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/setup/dynamodb.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
