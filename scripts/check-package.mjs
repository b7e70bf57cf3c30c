// Packs the project, installs the tarball into an empty CDK app outside of this checkout, and synthesizes a stack there: what
// a user does first. Nothing is downloaded: what the package declares as dependencies is linked from this checkout, and what
// it does not declare is not there to be found.
import { execFileSync } from "node:child_process";
import {
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
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));

/** What the user's app brings itself: the language, its types, and a validation library. */
const usersOwn = ["typescript", "@types/node", "zod"];

const appSource = `
import { app, event, workflow } from "holdfast";
import { openTelemetry } from "holdfast/otel";
import { z } from "zod";

const OrderPlaced = event("order.placed", { schema: z.object({ id: z.string() }), key: (order) => order.id });

const order = workflow("order", { startOn: OrderPlaced }, async (ctx) => {
  const held = await ctx.step("hold", async () => ({ hold: 1 }));
  return held.hold;
});

export default app({ workflows: [order], hooks: [openTelemetry()] });
`;

/** CDK's own classes, handed over as a user would, in strict code. */
const stackSource = `
import { App, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { AccountRootPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { DurableFunctions, DurableTables } from "holdfast/cdk";

const app = new App();
const storage = new Stack(app, "Storage");
const tables = new DurableTables(storage, "Tables", { removalPolicy: RemovalPolicy.DESTROY });
const shop = new Stack(app, "Shop");
const eventBus = new EventBus(shop, "Bus");
const orders = new DurableFunctions(shop, "Orders", {
  app: "workflows/app.ts",
  tables,
  eventBus,
  workerTimeout: Duration.seconds(30),
});
orders.grantStart(new Role(shop, "Caller", { assumedBy: new AccountRootPrincipal() }));
new DurableFunctions(shop, "Returns", { app: "workflows/app.mjs", serviceName: "returns" });
app.synth();
`;

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
  write(home, "package.json", JSON.stringify({ name: "shop", private: true, type }));
  write(home, "workflows/app.ts", appSource);
  // A stranger to TypeScript uses the same package.
  write(home, "workflows/app.mjs", appSource);
  write(home, "bin/stack.ts", stackSource);
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
  write(home, "tsconfig.json", JSON.stringify({ compilerOptions, include: ["bin", "workflows"] }));
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], home);

  const output = run(process.execPath, ["out/bin/stack.js"], home, { CDK_OUTDIR: join(home, "cdk.out") });
  if (output.trim() !== "") throw new Error(`synthesis printed something:\n${output}`);
  const template = JSON.parse(readFileSync(join(home, "cdk.out", "Shop.template.json"), "utf8"));
  expectCount(template, "AWS::Lambda::Function", 10);
  // For each deployment, its one event once for deliveries and once for starts, and the audit's clock.
  expectCount(template, "AWS::Events::Rule", 6);
  for (const key of ["OrdersHoldfastService", "ReturnsHoldfastStartFunction"]) {
    if (template.Outputs[key] === undefined) throw new Error(`the output ${key} is missing`);
  }
  loadHandlers(join(home, "cdk.out"));
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
