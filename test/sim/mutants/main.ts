/**
 * `npm run mutants -- [--seeds N] [--only "<text in a rule>"]... [--json]`: takes the engine's rules out one at a time and lets the simulator run on
 * what is left. It must notice at least 95 of 100. Each mutant gets a copy of the sources; nothing here is touched. Ends with 1 below that.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { optionsOf } from "../../setup/options.js";
import { MUTANTS, type Mutant } from "./mutants.js";

const values = optionsOf({
  /** Simulated runs for each mutant, at most: the first that fails is enough. */
  seeds: { type: "string", default: "1500" },
  only: { type: "string", multiple: true, default: [] },
  json: { type: "boolean", default: false },
});

const ROOT = join(import.meta.dirname, "../../..");
const LEAST_CAUGHT = 0.95;

/** A mutant that makes all runs slow is not noticed for that: only a run that comes to no end is (`../main.ts`). */
const MOST_MS = 30 * 60_000;

interface Verdict {
  readonly rule: string;
  readonly caught: boolean;
  /** What did not hold first, and in which run. */
  readonly by: string;
}

const chosen = MUTANTS.filter(
  ({ rule }) => values.only.length === 0 || values.only.some((text) => rule.includes(text)),
);
const stale = MUTANTS.flatMap(({ rule, file, find }) => {
  const places = readFileSync(join(ROOT, file), "utf8").split(find).length - 1;
  return places === 1 ? [] : [`"${rule}" is looked for in ${file}, and is there ${places} times`];
});
if (stale.length > 0) {
  console.error(
    ["The list of mutants is behind the sources (test/sim/mutants/mutants.ts):", ...stale].join("\n  "),
  );
  process.exit(2);
}
const waiting = [...chosen];
const verdicts: Verdict[] = [];
/** Each simulation, with its workers, is a group of processes of its own: whoever ends this ends them, and what lies in their folders. */
const groups = new Set<number>();
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    isStopped = true;
    waiting.splice(0);
    for (const group of groups) process.kill(-group, "SIGKILL");
  });
await Promise.all(Array.from({ length: availableParallelism() }, () => worker()));

if (isStopped) process.exit(130);
const caught = verdicts.filter((verdict) => verdict.caught).length;
const share = caught / Math.max(1, verdicts.length);
if (values.json) console.log(JSON.stringify({ caught, of: verdicts.length, share, verdicts }));
else {
  const missed = verdicts.filter((verdict) => !verdict.caught).map(({ rule }) => `  ${rule}`);
  if (missed.length > 0) console.log(["Nobody noticed that these were gone:", ...missed].join("\n"));
  console.log(`${caught} of ${verdicts.length} noticed (${(100 * share).toFixed(1)}%).`);
}
process.exit(share >= LEAST_CAUGHT ? 0 : 1);

async function worker(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const verdict = await judge(mutant);
    if (isStopped) return;
    verdicts.push(verdict);
    const seen = verdict.caught ? "noticed" : "NOT NOTICED";
    if (!values.json)
      console.log(`${seen.padEnd(12)}${verdict.rule}${verdict.by === "" ? "" : ` — ${verdict.by}`}`);
  }
}

async function judge(mutant: Mutant): Promise<Verdict> {
  const dir = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    for (const part of ["lib", "test", "package.json", "tsconfig.json"])
      cpSync(join(ROOT, part), join(dir, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
    takeOut(mutant, dir);
    const { code, said } = await simulateIn(dir);
    if (code === 0) return { rule: mutant.rule, caught: false, by: "" };
    const by = firstOf(said);
    // One that does not even run proves nothing.
    return by === undefined
      ? { rule: mutant.rule, caught: false, by: `it does not run to its end: ${said.trim().slice(0, 300)}` }
      : { rule: mutant.rule, caught: true, by };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function takeOut({ file, find, replace }: Mutant, dir: string): void {
  const source = readFileSync(join(dir, file), "utf8");
  writeFileSync(
    join(dir, file),
    source.replace(find, () => replace),
  );
}

function simulateIn(dir: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const args = [
    "--import",
    "tsx",
    "test/sim/main.ts",
    "--seeds",
    values.seeds,
    "--workers",
    "1",
    "--bail",
    "--json",
  ];
  const child = spawn(process.execPath, args, {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const group = child.pid;
  if (group !== undefined) groups.add(group);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      said = `its runs took more than ${MOST_MS / 60_000} minutes`;
      if (group !== undefined) process.kill(-group, "SIGKILL");
    }, MOST_MS);
    child.once("exit", (code) => {
      clearTimeout(timer);
      if (group !== undefined) groups.delete(group);
      resolve({ code, said });
    });
  });
}

/** What did not hold first; undefined where the simulation itself broke. */
function firstOf(said: string): string | undefined {
  try {
    const {
      failures,
    }: { readonly failures: readonly { readonly seed: number; readonly broken: readonly string[] }[] } =
      JSON.parse(said.trim().split("\n").at(-1) ?? "");
    const [failure] = failures;
    return failure && `run ${failure.seed}: ${(failure.broken[0] ?? "").split("\n")[0]?.slice(0, 110)}`;
  } catch {
    return undefined;
  }
}
