import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const text = (entry: string) =>
  bundleHandler(entry).map(({ contents }) => Buffer.from(contents).toString())[0] ?? "";

describe("a bundle", () => {
  it("is one file", () => {
    expect(bundleHandler(worker).map(({ name }) => name)).toEqual(["index.mjs"]);
  });

  it("is the same for the same sources", () => {
    expect(text(worker)).toBe(text(worker));
  });

  it("says nothing of the machine that made it", () => {
    expect(text(worker)).not.toContain(process.cwd());
  });

  it("imports nothing but Node's own modules, and loads by itself", async () => {
    for (const [name, entry] of Object.entries({ worker, relay })) {
      const code = text(entry);
      const imported = [...code.matchAll(/\bfrom ?"([^"./][^"]*)"/g)].map(([, specifier]) => specifier);
      expect(imported.filter((specifier) => specifier?.startsWith("@") || specifier === "holdfast")).toEqual(
        [],
      );
      const file = join(dir, `${name}.mjs`);
      writeFileSync(file, code);
      const module: { handler?: unknown } = await import(pathToFileURL(file).href);
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
    expect(files.map(({ name }) => name).sort()).toEqual(["index.mjs", "index.mjs.map"]);
    const map = files.find(({ name }) => name.endsWith(".map"));
    const parsed = JSON.parse(Buffer.from(map?.contents ?? []).toString());
    expect(parsed.sourcesContent).toBeUndefined();
  });
});
