import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { appEntry, bundleHandler, serviceEntry } from "../../lib/cdk/bundle.js";
import { packageAliases } from "../../lib/cdk/package-files.js";
import { fixture } from "./fixtures/index.js";

const dir = mkdtempSync(join(tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const worker = appEntry("worker", "createWorker", fixture("app"));
const relay = serviceEntry("relay", "createRelay");
/** All its files, one after the other. */
const text = (entry: string) =>
  bundleHandler(entry)
    .map(({ name, contents }) => `${name}\n${Buffer.from(contents).toString()}`)
    .join("\n");

/** What Node reads when it loads a bundle, and no more than that: the files that the first one imports, and so on. */
function loadedAtOnce(entry: string): Map<string, string> {
  const all = new Map(
    bundleHandler(entry).map(({ name, contents }) => [name, Buffer.from(contents).toString()]),
  );
  const loaded = new Map<string, string>();
  const load = (name: string): void => {
    const code = all.get(name);
    if (code === undefined || loaded.has(name)) return;
    loaded.set(name, code);
    for (const [, from = ""] of code.matchAll(/\b(?:from|import) ?"\.\/([^"]+)"/g)) load(from);
  };
  load("index.mjs");
  return loaded;
}

describe("a bundle", () => {
  it("begins at one file, and has parts beside it", () => {
    const names = bundleHandler(worker).map(({ name }) => name);
    expect(names.filter((name) => name === "index.mjs")).toHaveLength(1);
    expect(names.filter((name) => !name.endsWith(".mjs") || name.includes("/"))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("loads the SDK's clients only when they are needed, but for DynamoDB's", () => {
    const whole = text(worker);
    const atOnce = [...loadedAtOnce(worker).values()].join("\n");
    // Each client brings the URL of its service's endpoints.
    const services = ["dynamodb", "sqs", "scheduler", "events", "lambda", "s3"];
    const found = (code: string) => services.filter((name) => code.includes(`https://${name}`));
    expect(found(whole)).toEqual(services);
    expect(found(atOnce)).toEqual(["dynamodb"]);
  });

  it("is the same for the same sources, wherever the build runs", () => {
    const here = process.cwd();
    const one = text(worker);
    try {
      process.chdir(dir);
      // No difference of half a megabyte is to be printed.
      expect(text(worker) === one).toBe(true);
    } finally {
      process.chdir(here);
    }
  });

  it("is made once, and again as soon as one of its sources has changed", () => {
    const folder = mkdtempSync(join(dir, "changing-"));
    const app = join(folder, "app.ts");
    const write = (name: string) =>
      writeFileSync(
        app,
        `import { app, workflow } from "holdfast"; export default app({ workflows: [workflow("${name}", async () => {})] });`,
      );
    const entry = appEntry("worker", "createWorker", app);
    write("first");
    const first = bundleHandler(entry);
    expect(bundleHandler(entry)).toBe(first);
    expect(text(entry)).toContain('"first"');
    // Of the same length.
    write("other");
    expect(text(entry)).toContain('"other"');
    expect(text(entry)).not.toContain('"first"');
    rmSync(app);
    expect(() => bundleHandler(entry)).toThrow("could not be bundled");
  });

  it("says nothing of the machine that made it", () => {
    expect(text(worker)).not.toContain(process.cwd());
  });

  it("imports nothing but Node's own modules and its parts, and loads by itself", async () => {
    for (const [name, entry] of Object.entries({ worker, relay })) {
      const imported = [...text(entry).matchAll(/\bfrom ?"([^"./][^"]*)"/g)].map(
        ([, specifier]) => specifier,
      );
      expect(imported.filter((specifier) => specifier?.startsWith("@") || specifier === "holdfast")).toEqual(
        [],
      );
      const folder = join(dir, name);
      mkdirSync(folder);
      for (const { name: file, contents } of bundleHandler(entry))
        writeFileSync(join(folder, file), contents);
      const module: { handler?: unknown } = await import(pathToFileURL(join(folder, "index.mjs")).href);
      expect(typeof module.handler).toBe("function");
    }
  });

  it("holds the user's app where it is run, and not where it isn't", () => {
    expect(text(worker)).toContain("payment.completed");
    expect(text(relay)).not.toContain("payment.completed");
  });

  it("finds whatever entry point of the package an app imports", () => {
    const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const entries = Object.keys(exports).filter((entry) => /^\.(\/\w+)?$/.test(entry));
    expect(entries).toContain("./otel");
    const aliases = packageAliases();
    for (const entry of entries) {
      const file = aliases[`holdfast${entry.slice(1)}`];
      expect(existsSync(file ?? ""), `${entry}: ${file}`).toBe(true);
    }
  });

  it("can have a source map beside it, without the sources' text", () => {
    const files = bundleHandler(worker, { sourceMap: true });
    const code = files.map(({ name }) => name).filter((name) => name.endsWith(".mjs"));
    const maps = files.map(({ name }) => name).filter((name) => name.endsWith(".map"));
    expect(maps.sort()).toEqual(code.map((name) => `${name}.map`).sort());
    const map = files.find(({ name }) => name === "index.mjs.map");
    const parsed = JSON.parse(Buffer.from(map?.contents ?? []).toString());
    expect(parsed.sourcesContent).toBeUndefined();
  });
});
