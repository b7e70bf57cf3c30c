/** Vercel's Workflow SDK in its local world: files in a folder, and a queue in this process that posts to its own server. */
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { promises as files, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LOOPBACK } from "../../../../lib/local/ports.js";
import type { Counts } from "../counts.js";
import { type Engine, script } from "./script.js";

/** What of the SDK is used here. */
interface Api {
  start(
    workflow: { workflowId: string },
    args: unknown[],
  ): Promise<{ readonly status: Promise<string>; readonly returnValue: Promise<unknown> }>;
}

interface Runtime {
  getWorld(): Promise<{ start?(): Promise<void> }> | { start?(): Promise<void> };
}

interface Route {
  POST(request: Request): Promise<Response>;
}

/** Where the SDK's own build puts what it makes of the workflow. */
const BUILT = ".well-known/workflow/v1";

/** The SDK itself looks once a second. */
const LOOK_EVERY_MS = 10;

async function start(directory: string): Promise<Engine> {
  const data = join(directory, "vercel");
  process.env.WORKFLOW_TARGET_WORLD = "local";
  process.env.WORKFLOW_LOCAL_DATA_DIR = data;
  const looking = new AsyncLocalStorage<true>();
  const counts = countFiles(data, () => looking.getStore() === true);

  const require = createRequire(pathToFileURL(join(process.cwd(), "package.json")));
  const routes: Readonly<Record<string, Route>> = {
    flow: require(`./${BUILT}/flow.js`),
    step: require(`./${BUILT}/step.js`),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const route = routes[/\/v1\/(flow|step)$/.exec(request.url ?? "")?.[1] ?? ""];
    if (route === undefined) return void response.writeHead(404).end();
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    const url = `http://${LOOPBACK}${request.url}`;
    const answer = await route.POST(
      new Request(url, { method: "POST", headers, body: Buffer.concat(chunks) }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, LOOPBACK);
  await once(server, "listening");
  process.env.WORKFLOW_LOCAL_BASE_URL = `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;

  // The names are for the installation that this script runs in: Holdfast has none of them.
  const [apiName, runtimeName]: string[] = ["workflow/api", "workflow/runtime"];
  const api: Api = await import(apiName ?? "");
  const runtime: Runtime = await import(runtimeName ?? "");
  await (await runtime.getWorld()).start?.();
  const manifest = JSON.parse(readFileSync(join(BUILT, "manifest.json"), "utf8"));
  const { workflowId } = manifest.workflows["workflows/order.ts"].order;
  return {
    async run(order) {
      const run = await api.start({ workflowId }, [order]);
      return looking.run(true, async () => {
        while (["pending", "running"].includes(await run.status))
          await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
        return run.returnValue;
      });
    },
    counts: async () => counts(),
    stop: async () => void server.close(),
  };
}

/** Counts the operations on files of the folder by the promises of `node:fs`, by which alone the local world works. */
function countFiles(directory: string, isLooking: () => boolean): () => Counts {
  let roundTrips = 0;
  let writes = 0;
  const operations = files as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [name, operation] of Object.entries(operations)) {
    if (typeof operation !== "function") continue;
    operations[name] = (...args) => {
      const isOurs = args.some((path) => typeof path === "string" && path.startsWith(directory));
      if (isOurs && !isLooking()) {
        roundTrips += 1;
        if (name === "writeFile") writes += 1;
      }
      return operation(...args);
    };
  }
  // It never waits for the disk: there is no fsync in it.
  return () => ({ roundTrips, writes, syncs: 0 });
}

await script(start);
