/** A deployment for tests of the command: its functions are called here, everything else is real. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorker } from "../../functions/worker.js";
import { writeLocalFile } from "../../lib/cli/local-file.js";
import type { Terminal } from "../../lib/cli/terminal.js";
import type { App } from "../../lib/index.js";
import { startExecution } from "../../lib/runtime/start.js";
import { batchOf, type Deployment, invocation, openDeployment } from "../functions/deployment.js";
import { commit, owned, settlementOf } from "../store/builders.js";
import { type Run, runCommand } from "./run.js";

export interface Ground {
  readonly deployment: Deployment;
  readonly stateDir: string;
  holdfast(
    args: readonly string[],
    width?: number,
    person?: Pick<Terminal, "confirm" | "live">,
  ): Promise<Run>;
  /** What the command prints as JSON. */
  told(...args: string[]): Promise<ReturnType<typeof JSON.parse>>;
  start(workflow: string, ...ids: string[]): Promise<void>;
  /** Lets the worker handle what lies in the wake queue. */
  work(): Promise<void>;
  /** One that ended so long ago. */
  old(id: string, days: number, workflow: string): Promise<void>;
  close(): Promise<void>;
}

export async function openGround(shop: App): Promise<Ground> {
  const deployment = await openDeployment();
  const stateDir = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  const { environment, stacks } = deployment.cloud.cloud;
  writeLocalFile(stateDir, { pid: process.pid, environment, stacks: stacks.map(({ name }) => name) });
  const { outside } = deployment;
  const worker = createWorker(shop, () => outside);
  const holdfast: Ground["holdfast"] = (args, width, person) =>
    runCommand([...args, "--state-dir", stateDir], width, person);
  return {
    deployment,
    stateDir,
    holdfast,
    told: async (...args) => JSON.parse((await holdfast([...args, "--json"])).out),
    async start(workflow, ...ids) {
      for (const id of ids) await startExecution(outside, shop, { workflow, input: { id }, id });
    },
    async work() {
      for (let wakes = await deployment.wakes(); wakes.length > 0; wakes = await deployment.wakes())
        for (const wake of wakes) await worker(batchOf(wake), invocation());
    },
    async old(id, days, workflow) {
      const at = Date.now() - days * 86_400_000;
      const head = await owned(outside.store, id, { workflow, createdAt: at });
      await outside.store.appendCommit(commit(id, 1));
      await outside.store.settle(
        settlementOf(head, { status: "completed", closedAt: at + 1_000 }, { slot: 1 }),
      );
    },
    async close() {
      rmSync(stateDir, { recursive: true, force: true });
      await deployment.cloud.stop();
    },
  };
}
