/** What `holdfast dev` takes for a change of the project: on real files, as editors and people change them. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isSource, type Watched, watchSources } from "../../lib/cli/dev/sources.js";

let project: string;
let watched: Watched;
let seen: string[];
let onSeen: () => void;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "holdfast-sources-"));
  mkdirSync(at("workflows"));
  write("workflows/order.ts", "first");
  seen = [];
  watched = watchSources(
    project,
    at(".holdfast"),
    (files) => {
      seen.push(...files.map((file) => file.replaceAll(sep, "/")));
      onSeen();
    },
    (error) => {
      throw error;
    },
  );
});

afterEach(() => {
  watched.stop();
  rmSync(project, { recursive: true, force: true });
});

function at(file: string): string {
  return join(project, file);
}

function write(file: string, text: string): void {
  writeFileSync(at(file), text);
}

/** As an editor saves: a new file takes the place of the old one. */
function replace(file: string, text: string): void {
  write(`${file}.swp`, text);
  renameSync(at(`${file}.swp`), at(file));
}

/** Does it, and resolves once that file, or directory, was told of. */
function told(file: string, act: () => void): Promise<void> {
  seen = [];
  return new Promise((resolve) => {
    onSeen = () => {
      if (seen.includes(file)) resolve();
    };
    act();
  });
}

test("a file that an editor has replaced is watched on, however it is written next", async () => {
  await told("workflows/order.ts", () => replace("workflows/order.ts", "second"));
  await told("workflows/order.ts", () => appendFileSync(at("workflows/order.ts"), "third"));
  await told("workflows/order.ts", () => replace("workflows/order.ts", "fourth"));
  await told("workflows/order.ts", () => rmSync(at("workflows/order.ts")));
  await told("workflows/order.ts", () => write("workflows/order.ts", "fifth"));
});

test("directories that come, change their names, and go are watched with what lies in them", async () => {
  await told("workflows/later/deep/pay.ts", () => {
    mkdirSync(at("workflows/later/deep"), { recursive: true });
    write("workflows/later/deep/pay.ts", "first");
  });
  await told("workflows/later/deep/pay.ts", () => write("workflows/later/deep/pay.ts", "second"));
  await told("workflows/now/deep/pay.ts", () => renameSync(at("workflows/later"), at("workflows/now")));
  expect(seen).toContain("workflows/later");
  await told("workflows/now/deep/pay.ts", () => replace("workflows/now/deep/pay.ts", "third"));
  await told("workflows/now", () => rmSync(at("workflows/now"), { recursive: true }));
});

test("what tools write, and what is ours, is no change", async () => {
  await told("workflows/order.ts", () => {
    for (const directory of ["node_modules/zod", ".holdfast/cdk.out", "cdk.out", ".git"]) {
      mkdirSync(at(directory), { recursive: true });
      write(`${directory}/index.json`, "{}");
    }
    write("notes.md", "# Notes");
    write("workflows/order.ts", "second");
  });
  expect(seen).toEqual(["workflows/order.ts"]);
});

test.each([
  ["workflows/order.ts", true],
  ["infra/app.mjs", true],
  ["package.json", true],
  ["README.md", false],
  ["node_modules/zod/index.js", false],
  [".holdfast/cloud.json", false],
  ["packages/shop/cdk.out/manifest.json", false],
  [".git/index.json", false],
])("takes %s for a source: %s", (path, expected) => {
  expect(isSource(path.replaceAll("/", sep))).toBe(expected);
});
