// Packs the project, installs the tarball into a copy of the sample app outside of this checkout, and synthesizes its stacks there: what
// a user does first. Nothing is downloaded: what the package declares as dependencies is linked from this checkout, and what
// it does not declare is not there to be found.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const project = resolve(import.meta.dirname, "..");
const { dependencies, peerDependencies, exports } = JSON.parse(
  readFileSync(join(project, "package.json"), "utf8"),
);

/** What the user's app brings itself: the language, its types, a validation library, and the rules that it is checked by. */
const usersOwn = ["typescript", "@types/node", "zod", "cdk-nag"];

/** The app that is installed into: what somebody who uses the package would write. */
const sample = join(project, "test", "sample-app");

/** What differs between the kinds of project that people have. */
const variants = [
  {
    name: "ES modules, every strictness",
    type: "module",
    // CDK's own declarations do not hold under exactOptionalPropertyTypes, so libraries are not looked into here.
    options: { exactOptionalPropertyTypes: true, skipLibCheck: true },
  },
  {
    name: "CommonJS, as `cdk init` makes it",
    type: "commonjs",
    // Here they do, and so must the package's.
    options: { skipLibCheck: false },
  },
];

const work = mkdtempSync(join(tmpdir(), "holdfast-package-"));
try {
  const tarball = pack();
  for (const variant of variants) {
    check(variant, tarball);
    console.log(`ok: ${variant.name}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function pack() {
  run("npm", ["pack", "--silent", "--pack-destination", work], project);
  const name = readdirSync(work).find((file) => file.endsWith(".tgz"));
  if (name === undefined) throw new Error("npm pack ended well and left no tarball");
  return join(work, name);
}

function check({ type, options }, tarball) {
  const home = join(work, type);
  installInto(home, tarball);
  cpSync(sample, home, { recursive: true });
  write(home, "package.json", JSON.stringify({ name: "shop", private: true, type }));
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2023",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    outDir: "out",
    rootDir: ".",
    ...options,
  };
  write(home, "tsconfig.json", JSON.stringify({ compilerOptions, include: ["bin", "stacks", "workflows"] }));
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], home);

  const output = run(process.execPath, ["out/bin/shop.js"], home, { CDK_OUTDIR: join(home, "cdk.out") });
  if (output.trim() !== "") throw new Error(`synthesis printed something:\n${output}`);
  const template = JSON.parse(readFileSync(join(home, "cdk.out", "ShopProduction.template.json"), "utf8"));
  expectCount(template, "AWS::Lambda::Function", 10);
  // Of orders: two events for deliveries, one of them for starts, and the audit's clock. Of returns: the clock.
  expectCount(template, "AWS::Events::Rule", 5);
  for (const key of ["OrdersHoldfastService", "ReturnsHoldfastStartFunction"]) {
    if (template.Outputs[key] === undefined) throw new Error(`the output ${key} is missing`);
  }
  loadHandlers(join(home, "cdk.out"));
  loadEntries(home);
}

/** Every entry of the package can be imported where it is installed. */
function loadEntries(home) {
  const entries = Object.keys(exports).filter((entry) => !entry.includes("*") && !entry.endsWith(".json"));
  const imports = entries.map((entry) => `await import(${JSON.stringify(`holdfast${entry.slice(1)}`)});`);
  const script = join(home, "entries.mjs");
  writeFileSync(script, imports.join("\n"));
  run(process.execPath, [script], home);
}

/** Unpacks the tarball where npm would, and links beside it what it declares. */
function installInto(home, tarball) {
  const modules = join(home, "node_modules");
  mkdirSync(join(modules, "holdfast"), { recursive: true });
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "holdfast")], home);
  for (const name of [...Object.keys(dependencies), ...Object.keys(peerDependencies), ...usersOwn]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(project, "node_modules", name), join(modules, name), "dir");
  }
}

/** Every bundle must load on its own, far from any node_modules. */
function loadHandlers(assembly) {
  const bundles = readdirSync(assembly).filter((name) => name.startsWith("asset."));
  for (const bundle of bundles) {
    const file = pathToFileURL(join(assembly, bundle, "index.mjs")).href;
    const script = `const { handler } = await import(${JSON.stringify(file)}); if (typeof handler !== "function") process.exit(1);`;
    run(process.execPath, ["--input-type=module", "-e", script], tmpdir());
  }
  if (bundles.length < 5) throw new Error(`expected a bundle for each function, found ${bundles.length}`);
}

function expectCount(template, type, count) {
  const found = Object.values(template.Resources).filter((resource) => resource.Type === type).length;
  if (found !== count) throw new Error(`expected ${count} resources of type ${type}, found ${found}`);
}

function write(home, name, text) {
  mkdirSync(dirname(join(home, name)), { recursive: true });
  writeFileSync(join(home, name), text);
}

/** Runs a command and returns all that it printed; when it fails, that is the error. */
function run(command, args, cwd, env = {}) {
  try {
    return execFileSync(command, args, {
      cwd,
      env: { ...process.env, ...env },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${error.stdout}\n${error.stderr}`);
  }
}
