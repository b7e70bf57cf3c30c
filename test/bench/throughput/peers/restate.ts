/** Restate: its server in a process of its own with a log on the disk that it syncs, the service in this one. */
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { freePort, LOOPBACK } from "../../../../lib/local/ports.js";
import type { Counts } from "../counts.js";
import type { Order } from "../story.js";
import { serve } from "./processes.js";
import { type Engine, script } from "./script.js";

/** What of its SDK is used here. */
interface Sdk {
  workflow(definition: {
    name: string;
    handlers: { run(context: Context, order: Order): Promise<number[]> };
  }): unknown;
  createEndpointHandler(options: { services: unknown[]; logger: () => void }): () => void;
}

interface Context {
  run<Value>(name: string, body: () => Value): Promise<Value>;
}

interface Clients {
  connect(options: { url: string }): {
    workflowClient(
      workflow: unknown,
      key: string,
    ): { workflowSubmit(order: Order): Promise<unknown>; workflowAttach(): Promise<unknown> };
  };
}

const SERVER = "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server";

async function start(directory: string): Promise<Engine> {
  // The names are for the installation that this script runs in: Holdfast has none of them.
  const [sdkName, clientsName]: string[] = ["@restatedev/restate-sdk", "@restatedev/restate-sdk-clients"];
  const sdk: Sdk = await import(sdkName ?? "");
  const clients: Clients = await import(clientsName ?? "");
  const [admin, ingress, node] = [await freePort(), await freePort(), await freePort()];
  const at = (port: number, path = ""): string => `http://${LOOPBACK}:${port}${path}`;
  const server = await serve(
    SERVER,
    ["--base-dir", join(directory, "restate"), "--bind-ip", LOOPBACK, "--listen-mode", "tcp", "--no-logo"],
    {
      env: {
        ...process.env,
        RESTATE_DISABLE_TELEMETRY: "true",
        RESTATE_ADMIN__BIND_PORT: String(admin),
        RESTATE_INGRESS__BIND_PORT: String(ingress),
        RESTATE_BIND_PORT: String(node),
        RESTATE_LOG_FILTER: "error",
      },
    },
    async () => (await fetch(at(admin, "/health"))).ok,
  );
  const workflow = sdk.workflow({
    name: "order",
    handlers: {
      async run(context, { n, steps }) {
        const values: number[] = [];
        for (let step = 1; step <= steps; step++) {
          const before = values.at(-1) ?? n;
          values.push(await context.run(`step-${step}`, () => before + step));
        }
        return values;
      },
    },
  });
  const service = createServer(sdk.createEndpointHandler({ services: [workflow], logger: () => {} }));
  service.listen(0, LOOPBACK);
  await once(service, "listening");
  const { port } = service.address() as AddressInfo;
  const registered = await fetch(at(admin, "/deployments"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: at(port) }),
  });
  if (!registered.ok) throw new Error(`The service was not registered: ${await registered.text()}`);
  const client = clients.connect({ url: at(ingress) });
  return {
    async run(order) {
      const execution = client.workflowClient(workflow, `order-${order.n}`);
      await execution.workflowSubmit(order);
      return execution.workflowAttach();
    },
    counts: async () => countsIn(await (await fetch(at(node, "/metrics"))).text()),
    async stop() {
      await server.stop();
      service.close();
    },
  };
}

/** The server's own counters, as Prometheus reads them. */
function countsIn(metrics: string): Counts {
  const sum = (name: string): number =>
    metrics
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  return {
    roundTrips: sum("restate_bifrost_sequencer_append_waves_count"),
    writes: sum("restate_bifrost_sequencer_committed_records_total"),
    syncs: sum("restate_rocksdb_wal_file_sync_seconds_count"),
  };
}

await script(start);
