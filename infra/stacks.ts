import { fileURLToPath } from "node:url";
import type { App } from "aws-cdk-lib";
import { readSettings } from "./context.js";
import { RuntimeStack } from "./runtime-stack.js";
import { StorageStack } from "./storage-stack.js";

/** The example app that deploys. */
const exampleApp = fileURLToPath(new URL("../functions/workflows/index.ts", import.meta.url));

/** Adds the two stacks, as the app's context says. */
export function addStacks(app: App): { storage: StorageStack; runtime: RuntimeStack } {
  const { service, stage, dev, ...settings } = readSettings(app);
  // The ids, and so the template files, keep their names in every stage: the local cloud finds them by these.
  const named = (name: string) => ({ stackName: stage === undefined ? name : `${stage}-${name}` });
  const storage = new StorageStack(app, "HoldfastStorage", { ...named("HoldfastStorage"), disposable: dev });
  const runtime = new RuntimeStack(app, "HoldfastRuntime", {
    ...named("HoldfastRuntime"),
    accounts: storage.accounts,
    durable: { app: exampleApp, serviceName: service, tables: storage.tables, ...settings },
  });
  return { storage, runtime };
}
