// Packs the project and does with the tarball what a newcomer does: holdfast init in an empty folder, its test, its types, its synthesis, and
// holdfast dev, which answers a start, a watch and the doctor. Nothing is downloaded: what the package and the new project declare as
// dependencies is linked from this checkout, and what they do not declare is not there to be found.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";

const project = resolve(import.meta.dirname, "..");
/** The synthesis and the start of a JVM, on a machine that has much else to do. */
const READY_WITHIN_MS = 300_000;

const work = mkdtempSync(join(tmpdir(), "holdfast-init-"));
try {
  const tarball = pack();
  const tool = join(work, "tool");
  install(tool, tarball, manifestOf(project).dependencies);
  const command = (...args) => [join(tool, "node_modules/holdfast/dist/lib/cli/main.js"), ...args];
  say(run(process.execPath, command("init", "shop", "--from", tarball), work));
  expectRefusal(command("init", "shop", "--from", tarball));
  const home = join(work, "shop");
  const { dependencies, devDependencies } = manifestOf(home);
  if (resolve(home, dependencies.holdfast.replace(/^file:/, "")) !== tarball)
    throw new Error(`the project depends on ${dependencies.holdfast}, and not on ${tarball}`);
  install(home, tarball, { ...manifestOf(project).dependencies, ...dependencies, ...devDependencies });

  const inHome = (file, ...args) => run(process.execPath, [`node_modules/${file}`, ...args], home);
  inHome("vitest/vitest.mjs", "run");
  say("ok: its own test passes");
  inHome("typescript/bin/tsc", "--noEmit");
  say("ok: its types pass");
  inHome("aws-cdk/bin/cdk", "synth", "--quiet", "--no-notices");
  if (!readdirSync(join(home, "cdk.out")).includes("Shop.template.json"))
    throw new Error("cdk synth left no template of the stack Shop");
  say("ok: it synthesizes");
  await tryDev(home);
  say("ok: holdfast dev answers");
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function tryDev(home) {
  const main = "node_modules/holdfast/dist/lib/cli/main.js";
  const dev = spawn(process.execPath, [main, "dev", "--in-memory", "--json"], {
    cwd: home,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((done) => dev.once("close", done));
  try {
    await ready(dev, ended);
    const holdfast = (...args) => run(process.execPath, [main, ...args], home);
    holdfast("start", "order", "--id", "o-1", "--input", '{"id":"o-1","sku":"tea"}');
    const watching = spawn(process.execPath, [main, "watch", "o-1", "--json", "--timeout", "2m"], {
      cwd: home,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const watched = new Promise((done) => watching.once("close", done));
    let payment;
    for await (const line of createInterface({ input: watching.stdout })) {
      const { type, status } = JSON.parse(line);
      if (type !== "status" || status !== "suspended" || payment !== undefined) continue;
      payment = holdfast("send", "payment.completed", "--data", '{"orderId":"o-1","amount":40}');
    }
    const code = await watched;
    if (code !== 0) throw new Error(`holdfast watch ended with ${code}, and the order was to complete`);
    say(holdfast("show", "o-1"));
    say(holdfast("doctor"));
  } finally {
    dev.kill("SIGINT");
    if ((await ended) !== 0) process.exitCode = 1;
  }
}

/** Resolves when the local cloud says that it is up. */
function ready(dev, ended) {
  const said = [];
  return new Promise((up, failed) => {
    setTimeout(
      () => failed(new Error(`holdfast dev was not up in time:\n${said.join("\n")}`)),
      READY_WITHIN_MS,
    ).unref();
    ended.then((code) => failed(new Error(`holdfast dev ended with ${code}:\n${said.join("\n")}`)));
    createInterface({ input: dev.stdout }).on("line", (line) => {
      said.push(line);
      if (JSON.parse(line).type === "ready") up();
    });
  });
}

function expectRefusal(command) {
  try {
    execFileSync(process.execPath, command, { cwd: work, stdio: "pipe" });
  } catch (error) {
    if (error.status === 2 && String(error.stderr).includes("package.json")) return;
    throw error;
  }
  throw new Error("holdfast init wrote over a project that was there");
}

function pack() {
  run("npm", ["pack", "--silent", "--pack-destination", work], project);
  const name = readdirSync(work).find((file) => file.endsWith(".tgz"));
  if (name === undefined) throw new Error("npm pack ended well and left no tarball");
  return join(work, name);
}

/** Unpacks the tarball where npm would, and links beside it what is declared. */
function install(home, tarball, declared) {
  const modules = join(home, "node_modules");
  mkdirSync(join(modules, "holdfast"), { recursive: true });
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "holdfast")], home);
  for (const name of Object.keys(declared)) {
    if (name === "holdfast") continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(project, "node_modules", name), join(modules, name), "dir");
  }
}

function manifestOf(directory) {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
}

function say(text) {
  console.log(text.trimEnd());
}

/** Runs a command and returns all that it printed; when it fails, that is the error. */
function run(command, args, cwd) {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${error.stdout}\n${error.stderr}`);
  }
}
