/** DBOS on a PostgreSQL of its own: the cluster is made in a temporary folder, on loopback, with its defaults: each commit waits for the disk. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, LOOPBACK } from "../../../../lib/local/ports.js";
import type { Counts } from "../counts.js";
import type { Order } from "../story.js";
import { type Server, serve } from "./processes.js";
import { type Engine, script } from "./script.js";

/** What of the SDK and of its PostgreSQL client is used here. */
interface Sdk {
  readonly DBOS: {
    setConfig(config: Readonly<Record<string, unknown>>): void;
    registerWorkflow(body: (order: Order) => Promise<number[]>, options: { name: string }): Workflow;
    runStep<Value>(body: () => Promise<Value>, options: { name: string }): Promise<Value>;
    startWorkflow(workflow: Workflow, options: { workflowID: string }): Workflow;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
  };
}

type Workflow = (order: Order) => Promise<{ getResult(): Promise<unknown> }>;

interface Postgres {
  readonly default: {
    Client: new (options: {
      connectionString: string;
    }) => {
      connect(): Promise<void>;
      query(text: string): Promise<{ rows: Readonly<Record<string, unknown>>[] }>;
      end(): Promise<void>;
    };
  };
}

const BIN = "/usr/lib/postgresql/15/bin";

/** A session that is idle adds its statistics to the whole after ten seconds at the latest. */
const COUNTED_AFTER_MS = 11_000;

async function startPostgres(directory: string): Promise<{ readonly server: Server; readonly url: string }> {
  if (!existsSync(join(BIN, "postgres")))
    throw new Error(`There is no PostgreSQL 15 under ${BIN}: apt-get install postgresql`);
  const data = join(directory, "postgres");
  mkdirSync(data);
  // It refuses to run as root.
  const owner = process.getuid?.() === 0 ? ownerNamed("postgres") : undefined;
  if (owner !== undefined) {
    chmodSync(directory, 0o711);
    chownSync(data, owner.uid, owner.gid);
  }
  const options = { ...owner, cwd: data, env: { LANG: "C.UTF-8" } };
  execFileSync(join(BIN, "initdb"), ["-D", data, "-U", "bench", "--auth=trust", "-E", "UTF8"], {
    ...options,
    stdio: "pipe",
  });
  const port = await freePort();
  const url = `postgresql://bench@${LOOPBACK}:${port}`;
  const settings = {
    listen_addresses: LOOPBACK,
    unix_socket_directories: "",
    shared_preload_libraries: "pg_stat_statements",
    "pg_stat_statements.track_planning": "off",
  };
  const server = await serve(
    join(BIN, "postgres"),
    [
      "-D",
      data,
      "-p",
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    options,
    async () => {
      execFileSync(join(BIN, "pg_isready"), ["-h", LOOPBACK, "-p", String(port)], { stdio: "pipe" });
      return true;
    },
  );
  return { server, url };
}

function ownerNamed(name: string): { readonly uid: number; readonly gid: number } {
  const id = (what: string): number => Number(execFileSync("id", [what, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function start(directory: string): Promise<Engine> {
  const { server, url } = await startPostgres(directory);
  // The names are for the installation that this script runs in: Holdfast has none of them.
  const [sdkName, clientName]: string[] = ["@dbos-inc/dbos-sdk", "pg"];
  const { DBOS }: Sdk = await import(sdkName ?? "");
  const { default: pg }: Postgres = await import(clientName ?? "");
  const outside = new pg.Client({ connectionString: `${url}/postgres` });
  await outside.connect();
  await outside.query("CREATE DATABASE bench");
  await outside.end();
  const inside = new pg.Client({ connectionString: `${url}/bench` });
  await inside.connect();
  await inside.query("CREATE EXTENSION pg_stat_statements");
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: `${url}/bench`,
    logLevel: "error",
    runAdminServer: false,
  });
  const order = DBOS.registerWorkflow(
    async ({ n, steps }) => {
      const values: number[] = [];
      for (let step = 1; step <= steps; step++) {
        const before = values.at(-1) ?? n;
        values.push(await DBOS.runStep(async () => before + step, { name: `step-${step}` }));
      }
      return values;
    },
    { name: "order" },
  );
  await DBOS.launch();
  return {
    run: async (asked) =>
      (await DBOS.startWorkflow(order, { workflowID: `order-${asked.n}` })(asked)).getResult(),
    counts: async () => countsBy((text) => inside.query(text)),
    async stop() {
      await inside.end();
      await DBOS.shutdown();
      await server.stop();
    },
  };
}

type Query = (text: string) => Promise<{ rows: Readonly<Record<string, unknown>>[] }>;

async function countsBy(query: Query): Promise<Counts> {
  await new Promise((wake) => setTimeout(wake, COUNTED_AFTER_MS));
  const one = async (text: string): Promise<number> => Number((await query(text)).rows[0]?.n);
  return {
    roundTrips: await one(
      "SELECT sum(calls) AS n FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = 'bench' AND s.query NOT LIKE '%pg_stat%'",
    ),
    writes: await one("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) AS n FROM pg_stat_user_tables"),
    syncs: await one("SELECT wal_sync AS n FROM pg_stat_wal"),
  };
}

await script(start);
