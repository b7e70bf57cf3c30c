import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { appEntry, bundleHandler, type Entry, serviceEntry } from "../../lib/cdk/bundle.js";
import { packageAliases } from "../../lib/cdk/package-files.js";
import { fixture } from "./fixtures/index.js";

const dir = mkdtempSync(join(tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const worker = appEntry("worker", "createWorker", fixture("app"));
const relay = serviceEntry("relay", "createRelay");
/** All its files, one after the other. */
const text = (entry: Entry) =>
  bundleHandler(entry)
    .map(({ name, contents }) => `${name}\n${Buffer.from(contents).toString()}`)
    .join("\n");

/** What Node reads when it loads a bundle, and no more than that: the files that the first one imports, and so on. */
function loadedAtOnce(entry: Entry): Map<string, string> {
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
    expect(names.filter((name) => !/^(package\.json|[\w-]+\.m?js)$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(Object.entries({ worker, relay }))("of the %s is a handful of files at its start", (_, entry) => {
    expect(loadedAtOnce(entry).size).toBeLessThanOrEqual(5);
  });

  it("has parts that hold nothing but the SDK: a copy of our own state would be another one", () => {
    const folder = new URL("../../lib/aws/", import.meta.url);
    const parts = readdirSync(folder).filter((name) => name.startsWith("client-part-"));
    expect(parts).toHaveLength(7);
    for (const name of parts) {
      const code = readFileSync(new URL(name, folder), "utf8");
      expect(code).toMatch(/^\/\*\*[^\n]*\*\/\nexport \{[\w\s,]+\} from "@aws-sdk\/[\w-]+";\n$/);
    }
    const deployed = bundleHandler(worker).map(({ name }) => name.replace(/\.js$/, ".ts"));
    expect(deployed.filter((name) => name.startsWith("client-part-")).sort()).toEqual(parts.sort());
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

  it("reads what the app itself imports when it is needed only then", () => {
    const folder = mkdtempSync(join(dir, "later-"));
    writeFileSync(join(folder, "heavy.ts"), `export const heavy = () => "as heavy as lead";`);
    const app = join(folder, "app.ts");
    writeFileSync(
      app,
      `import { app, workflow } from "holdfast";
       const lifting = workflow("lifting", (ctx) => ctx.step("lift", async () => (await import("./heavy.js")).heavy()));
       export default app({ workflows: [lifting] });`,
    );
    const entry = appEntry("worker", "createWorker", app);
    expect(text(entry)).toContain("as heavy as lead");
    expect([...loadedAtOnce(entry).values()].join("\n")).not.toContain("as heavy as lead");
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
    for (const [n, file] of bundleHandler(entry).entries()) expect(file, file.name).toBe(first[n]);
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
      for (const { name: file } of bundleHandler(entry))
        if (file.startsWith("client-part-"))
          expect(Object.keys(await import(pathToFileURL(join(folder, file)).href)), file).not.toEqual([]);
    }
  });

  it("finds credentials in the environment, and wherever else the SDK looks", async () => {
    const source = `import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
      const found = await new DynamoDBClient({}).config.credentials();
      const { accessKeyId, secretAccessKey, sessionToken } = found;
      console.log(JSON.stringify([accessKeyId, secretAccessKey, sessionToken ?? null]));`;
    const folder = join(dir, "credentials");
    mkdirSync(folder);
    for (const { name, contents } of bundleHandler({ source, atOnce: [] }))
      writeFileSync(join(folder, name), contents);
    const profiles = join(folder, "profiles");
    writeFileSync(
      profiles,
      "[default]\naws_access_key_id = a\naws_secret_access_key = b\n[other]\naws_access_key_id = c\naws_secret_access_key = d\n",
    );
    const found = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
      const surroundings = {
        AWS_REGION: "eu-west-1",
        AWS_SHARED_CREDENTIALS_FILE: profiles,
        AWS_EC2_METADATA_DISABLED: "true",
      };
      const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "index.mjs")], {
        env: { ...surroundings, ...env },
      });
      return JSON.parse(stdout);
    };
    const given = { AWS_ACCESS_KEY_ID: "e", AWS_SECRET_ACCESS_KEY: "f" };
    expect(await found(given)).toEqual(["e", "f", null]);
    expect(await found({ ...given, AWS_SESSION_TOKEN: "g" })).toEqual(["e", "f", "g"]);
    expect(await found({})).toEqual(["a", "b", null]);
    expect(await found({ ...given, AWS_PROFILE: "other" })).toEqual(["c", "d", null]);
    await expect(found({ AWS_SHARED_CREDENTIALS_FILE: "/nowhere" })).rejects.toThrow(
      "Could not load credentials",
    );
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
    const code = files.map(({ name }) => name).filter((name) => /\.m?js$/.test(name));
    const maps = files.map(({ name }) => name).filter((name) => name.endsWith(".map"));
    expect(maps.sort()).toEqual(code.map((name) => `${name}.map`).sort());
    const map = files.find(({ name }) => name === "index.mjs.map");
    const parsed = JSON.parse(Buffer.from(map?.contents ?? []).toString());
    expect(parsed.sourcesContent).toBeUndefined();
  });
});
