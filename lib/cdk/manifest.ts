/**
 * Reads what an app declares (its workflows and events) while the stack is synthesized. The user's code runs in a process
 * of its own: it must not see the CDK's, print between its lines, or keep it from ending.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundleScript } from "./bundle.js";
import { HoldfastConfigError } from "./config-error.js";

/** What an app declares. */
export interface Manifest {
  readonly workflows: readonly ManifestWorkflow[];
  /** Every event type that the app waits for or starts on: the `detail-type` on the bus. */
  readonly events: readonly { readonly name: string }[];
  /** It has a codec, which every function needs to read what is stored. */
  readonly sealed?: boolean;
}

/** What the construct must know of one workflow. */
export interface ManifestWorkflow {
  readonly name: string;
  readonly version?: string;
  /** Its executions run on the deployed code that they began with. */
  readonly pinned?: boolean;
  /** The event types that start it. */
  readonly startOn: readonly string[];
  /** The schedules that start it. */
  readonly schedules?: readonly ManifestSchedule[];
}

/** One schedule that an app's workflow declares. */
export interface ManifestSchedule {
  readonly name: string;
  /** `rate(…)` or `cron(…)`. */
  readonly expression: string;
  /** An IANA name. */
  readonly timezone: string;
}

/** How the app is read. */
export interface ManifestOptions {
  /** The function's environment, so that code which reads it while it is imported finds it. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly external?: readonly string[];
  /** @default 60 seconds */
  readonly timeoutMs?: number;
}

type Report =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "not-an-app"; readonly found: string }
  | { readonly kind: "threw"; readonly error: string };

/** Importing an app takes well under a second; what takes this long waits for something, and would at every cold start. */
const importTimeoutMs = 60_000;

/** Reads the manifest of the app that `appFile` (an absolute path) exports as its default. */
export function readManifest(appFile: string, options: ManifestOptions = {}): Manifest {
  // A module that is left out of the bundle is found only from beside the app.
  const place = (options.external ?? []).length > 0 ? dirname(appFile) : tmpdir();
  const dir = mkdtempSync(join(place, ".holdfast-manifest-"));
  try {
    const script = join(dir, "manifest.mjs");
    const answer = join(dir, "manifest.json");
    writeFileSync(script, bundleScript(scriptFor(appFile), options.external));
    const child = spawnSync(process.execPath, ["--enable-source-maps", script, answer], {
      // No loader or debugger of the CDK's own process belongs in this one, and warnings about Node belong to nobody here.
      env: { ...process.env, ...options.environment, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" },
      encoding: "utf8",
      timeout: options.timeoutMs ?? importTimeoutMs,
      killSignal: "SIGKILL",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return judge(readReport(answer), appFile, child);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * The answer goes to a file, because the app may print while it is imported, and the process is ended at once, because an
 * app may hold connections open.
 */
function scriptFor(appFile: string): string {
  return `
import { writeFileSync } from "node:fs";
const report = async () => {
  try {
    const module = await import(${JSON.stringify(appFile)});
    const app = module.default;
    if (typeof app?.manifest === "function") return { kind: "manifest", manifest: app.manifest() };
    const names = Object.keys(module).filter((name) => name !== "default");
    const found = !("default" in module) || app === undefined
      ? "no default export" + (names.length > 0 ? "; it exports " + names.join(", ") : "")
      : "a default export that is " + (app === null ? "null" : Array.isArray(app) ? "an array" : "of type " + typeof app);
    return { kind: "not-an-app", found };
  } catch (error) {
    return { kind: "threw", error: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
};
writeFileSync(process.argv[2], JSON.stringify(await report()));
process.exit(0);
`;
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

function judge(report: Report | undefined, appFile: string, child: ReturnType<typeof spawnSync>): Manifest {
  if (report === undefined) {
    const why = child.error?.message ?? `exit code ${child.status}, signal ${child.signal ?? "none"}`;
    throw new HoldfastConfigError({
      what: `The app in ${appFile} could not be read: its process ended before the import was over.`,
      expected: `an app file whose import ends, within ${importTimeoutMs / 1000} seconds`,
      found: [why, lastLines(String(child.stderr ?? ""))].filter((part) => part !== "").join("\n"),
      next: "Look for a top-level await that never ends, or a process.exit() outside of a function.",
    });
  }
  if (report.kind === "manifest") return report.manifest;
  if (report.kind === "not-an-app") {
    throw new HoldfastConfigError({
      what: `The file ${appFile} is not a Holdfast app.`,
      expected: "a default export made by app(): export default app({ workflows: [...] })",
      found: report.found,
      next: "Export the result of app() as the default, or point the construct's `app` at the file that does.",
    });
  }
  throw new HoldfastConfigError({
    what: `The app in ${appFile} threw an error while it was imported.`,
    expected: "an app file that can be imported on the machine that synthesizes the stack, without AWS",
    found: report.error,
    next: "Move what needs AWS or settings into the handlers, or hand the settings to the construct as `environment`.",
  });
}

/** Enough of a process's last words to recognize the failure, and not a screenful. */
function lastLines(text: string): string {
  return text.trim().split("\n").slice(-10).join("\n");
}
