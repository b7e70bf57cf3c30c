/**
 * The engines that Holdfast is measured beside. None is a dependency: each is installed into a temporary folder, runs there in a process of
 * its own, and is gone with it. One that can't be installed, or does not run, is missing with the reason, and the others go on.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundle, runNode } from "../../child.js";
import { type Installation, install } from "../../installation.js";
import type { Given, PeerRan } from "./script.js";

const run = promisify(execFile);

export interface Peer {
  readonly key: "restate" | "dbos" | "vercel";
  /** As the tables name it. */
  readonly what: string;
  readonly packages: readonly string[];
  /** What is counted of its store. */
  readonly counted: string;
  prepare?(directory: string, node: string): Promise<unknown>;
}

export const PEERS: readonly Peer[] = [
  {
    key: "restate",
    what: "Restate 1.7.12, its own log",
    packages: [
      "@restatedev/restate-server@1.7.12",
      "@restatedev/restate-sdk@1.17.2",
      "@restatedev/restate-sdk-clients@1.17.2",
    ],
    counted:
      "Restate, the server's own metrics: appends to its log, the records in them, and syncs of the log's file. The service's journal has an entry for the input, two for each step and one for the output",
  },
  {
    key: "dbos",
    what: "DBOS 5.3.0, PostgreSQL 15",
    packages: ["@dbos-inc/dbos-sdk@5.3.0"],
    counted:
      "DBOS, PostgreSQL's statistics: statements, `BEGIN` and `COMMIT` among them (`pg_stat_statements`), rows inserted, updated and deleted (`pg_stat_user_tables`), and syncs of its log (`pg_stat_wal`)",
  },
  {
    key: "vercel",
    what: "Vercel Workflow 4.8.9, local world",
    packages: ["workflow@4.8.9"],
    counted:
      "Vercel's local world: operations on its files, reads and directories among them, and files written. It never waits for the disk. A step is an event for each of its changes, and a message through its queue, which are not in these figures",
    async prepare(directory, node) {
      mkdirSync(join(directory, "workflows"));
      copyFileSync(
        fileURLToPath(new URL("vercel-order.ts", import.meta.url)),
        join(directory, "workflows/order.ts"),
      );
      await run(node, ["node_modules/workflow/bin/run.js", "build"], {
        cwd: directory,
        env: environment(directory),
      });
    },
  },
];

export type PeerFigures = { readonly key: Peer["key"] } & (PeerRan | { readonly missing: string });

export async function measurePeer(peer: Peer, asked: Omit<Given, "directory">): Promise<PeerFigures> {
  const { key, packages } = peer;
  const script = await bundle(new URL(`${key}.ts`, import.meta.url));
  let installation: Installation | undefined;
  try {
    installation = await install(packages);
    const { directory, node } = installation;
    await peer.prepare?.(directory, node);
    const file = await installation.add(script);
    const given: Given = { ...asked, directory };
    const ran = await runNode(file, given, {
      node,
      directory,
      environment: environment(directory),
      alone: true,
    });
    return { key, ...(ran as PeerRan) };
  } catch (error) {
    return { key, missing: reasonOf(error) };
  } finally {
    await installation?.remove();
    await script.remove();
  }
}

/** Nothing of this process's settings, and nothing told to anybody. */
const environment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: home,
  DO_NOT_TRACK: "1",
  WORKFLOW_TELEMETRY_DISABLED: "1",
});

/** What a process said of what was wrong, without the code that Node quotes. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr : "";
  const lines = `${said}\n${error.message}`.split("\n").map((line) => line.trim());
  const telling = lines.filter((line) => /error/i.test(line) && line.length < LONGEST_LINE);
  return telling.slice(0, 2).join("; ") || error.message.slice(0, LONGEST_LINE);
}

const LONGEST_LINE = 300;
