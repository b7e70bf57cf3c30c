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
import { loadedAtOnce } from "../setup/loaded-at-once.js";
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

const textAtOnce = (entry: Entry) =>
  loadedAtOnce(bundleHandler(entry))
    .map(({ contents }) => Buffer.from(contents).toString())
    .join("\n");

describe("a bundle", () => {
  it("begins at one file, and has parts beside it", () => {
    const names = bundleHandler(worker).map(({ name }) => name);
    expect(names.filter((name) => name === "index.mjs")).toHaveLength(1);
    expect(names.filter((name) => !/^(package\.json|[\w-]+\.m?js)$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(Object.entries({ worker, relay }))("of the %s is a handful of files at its start", (_, entry) => {
    expect(loadedAtOnce(bundleHandler(entry)).length).toBeLessThanOrEqual(5);
  });

  it("has parts that hold nothing but the SDK: a copy of our own state would be another one", () => {
    const folder = new URL("../../lib/aws/", import.meta.url);
    const parts = readdirSync(folder).filter((name) => name.startsWith("holdfast-part-"));
    expect(parts).toHaveLength(7);
    for (const name of parts) {
      const code = readFileSync(new URL(name, folder), "utf8");
      expect(code).toMatch(/^\/\*\*[^\n]*\*\/\nexport \{[\w\s,]+\} from "@aws-sdk\/[\w-]+";\n$/);
    }
    const deployed = bundleHandler(worker).filter(({ name }) => name.startsWith("holdfast-part-"));
    // Those that share code with the first file have a hash in their names.
    const named = deployed.map(({ name }) => name.replace(/(-[A-Z0-9]{8})?\.m?js$/, ".ts"));
    expect(named.sort()).toEqual(parts.sort());
    for (const { name, contents } of deployed)
      expect(Buffer.from(contents).includes("HoldfastError"), name).toBe(false);
  });

  it("shares the SDK's code with a part that nearly every first call needs, and copies it for others", () => {
    const part = (entry: Entry, client: string): number =>
      bundleHandler(entry).find(({ name }) => name.startsWith(`holdfast-part-${client}`))?.contents.length ??
      0;
    const alone = part(worker, "eventbridge");
    const shared = part(relay, "eventbridge");
    expect(shared).toBeGreaterThan(0);
    expect(shared).toBeLessThan(alone / 4);
  });

  it("loads the SDK's clients only when they are needed, but for DynamoDB's", () => {
    const whole = text(worker);
    const atOnce = textAtOnce(worker);
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
    expect(textAtOnce(entry)).not.toContain("as heavy as lead");
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
        if (file.startsWith("holdfast-part-"))
          expect(Object.keys(await import(pathToFileURL(join(folder, file)).href)), file).not.toEqual([]);
    }
  });

  it("finds credentials in the environment, and wherever else the SDK looks", async () => {
    const source = `import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
      const { credentials } = new DynamoDBClient({}).config;
      for (let n = 0; n < 3; n++) await credentials();
      const [{ $source, ...found }] = await Promise.all([credentials(), credentials()]);
      console.log(JSON.stringify(found));`;
    const folder = join(dir, "credentials");
    mkdirSync(folder);
    for (const { name, contents } of bundleHandler({ source, shared: [] }))
      writeFileSync(join(folder, name), contents);
    const profiles = join(folder, "profiles");
    const counting = join(folder, "counting.mjs");
    const runs = join(folder, "runs");
    writeFileSync(
      counting,
      `import { appendFileSync } from "node:fs";
       appendFileSync(${JSON.stringify(runs)}, "x");
       console.log(JSON.stringify({ Version: 1, AccessKeyId: "h", SecretAccessKey: "i" }));`,
    );
    writeFileSync(
      profiles,
      [
        "[default]\naws_access_key_id = a\naws_secret_access_key = b",
        "[other]\naws_access_key_id = c\naws_secret_access_key = d",
        `[counting]\ncredential_process = ${process.execPath} ${counting}`,
      ].join("\n"),
    );
    const found = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
      const surroundings = {
        AWS_REGION: "eu-west-1",
        AWS_SHARED_CREDENTIALS_FILE: profiles,
        AWS_CONFIG_FILE: "/nowhere",
        AWS_EC2_METADATA_DISABLED: "true",
      };
      const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "index.mjs")], {
        env: { ...surroundings, ...env },
      });
      return JSON.parse(stdout);
    };
    const given = { AWS_ACCESS_KEY_ID: "e", AWS_SECRET_ACCESS_KEY: "f" };
    expect(await found(given)).toEqual({ accessKeyId: "e", secretAccessKey: "f" });
    const more = { AWS_SESSION_TOKEN: "g", AWS_ACCOUNT_ID: "1", AWS_CREDENTIAL_SCOPE: "2" };
    expect(await found({ ...given, ...more, AWS_CREDENTIAL_EXPIRATION: "2100-01-01T00:00:00.000Z" })).toEqual(
      {
        accessKeyId: "e",
        secretAccessKey: "f",
        sessionToken: "g",
        accountId: "1",
        credentialScope: "2",
        expiration: "2100-01-01T00:00:00.000Z",
      },
    );
    expect(await found({})).toEqual({ accessKeyId: "a", secretAccessKey: "b" });
    const other = { accessKeyId: "c", secretAccessKey: "d" };
    expect(await found({ ...given, AWS_PROFILE: "other" })).toEqual(other);
    // Asked for five times, twice of them at once.
    expect(await found({ AWS_PROFILE: "counting" })).toEqual({ accessKeyId: "h", secretAccessKey: "i" });
    expect(readFileSync(runs, "utf8")).toBe("x");
    const nowhere = found({ AWS_SHARED_CREDENTIALS_FILE: "/nowhere" });
    await expect(nowhere).rejects.toThrow("Could not load credentials");
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
