/** `holdfast init`: the files of a new project. What becomes of them is tried by scripts/check-init.mjs, from the packed package. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { namesFor } from "../../lib/cli/init/project.js";
import { runCommand } from "./run.js";

const work = mkdtempSync(join(tmpdir(), "holdfast-init-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const root = resolve(import.meta.dirname, "../..");
const read = (...place: string[]) => readFileSync(join(work, ...place), "utf8");
const filesIn = (directory: string) =>
  readdirSync(join(work, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

const FILES = [
  ...[".gitignore", "README.md", "app.ts", "app.ts", "cdk.json"],
  ...["order.test.ts", "order.ts", "package.json", "tsconfig.json"],
];

test("writes a project that is named after its directory, and says what to do next", async () => {
  const { out, err, code } = await runCommand(["init", join(work, "My Tea_Shop")]);
  expect(code).toBe(0);
  expect(filesIn("My Tea_Shop")).toEqual(FILES);
  expect(out.split("\n")).toHaveLength(FILES.length);
  for (const next of ["npm install", "npm test", "npx holdfast dev", "npm run deploy"])
    expect(err).toContain(next);
  const { name, dependencies } = JSON.parse(read("My Tea_Shop", "package.json"));
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(name).toBe("my-tea-shop");
  expect(dependencies.holdfast).toBe(`^${own.version}`);
  const infra = read("My Tea_Shop", "infra", "app.ts");
  expect(infra).toContain('new Stack(cdk, "MyTeaShop")');
  expect(infra).toContain('serviceName: "my-tea-shop"');
  expect(read("My Tea_Shop", "README.md")).toContain("export HOLDFAST_STACK=MyTeaShop");
});

test("depends on a tarball that is named, by its way from the project", async () => {
  const tarball = join(work, "holdfast-0.1.0.tgz");
  writeFileSync(tarball, "");
  const { out, code } = await runCommand(["init", join(work, "from"), "--from", tarball, "--json"]);
  expect(code).toBe(0);
  const told = JSON.parse(out);
  expect(told).toMatchObject({
    ...{ name: "from", stack: "From", directory: join(work, "from") },
    dependency: "file:../holdfast-0.1.0.tgz",
  });
  expect(told.files).toContain(".gitignore");
  expect(JSON.parse(read("from", "package.json")).dependencies.holdfast).toBe("file:../holdfast-0.1.0.tgz");
  const none = await runCommand(["init", join(work, "none"), "--from", join(work, "nothing.tgz")]);
  expect(none).toMatchObject({ code: 2, err: expect.stringContaining("--from names no file") });
});

test("writes over nothing, and names what is there", async () => {
  mkdirSync(join(work, "taken", "infra"), { recursive: true });
  writeFileSync(join(work, "taken", "package.json"), "mine");
  writeFileSync(join(work, "taken", "infra", "app.ts"), "mine");
  const { err, code } = await runCommand(["init", join(work, "taken")]);
  expect(err).toContain("holds infra/app.ts, package.json already");
  expect(code).toBe(2);
  expect(filesIn("taken")).toEqual(["app.ts", "package.json"]);
  expect(read("taken", "package.json")).toBe("mine");
});

describe("a directory", () => {
  test.each([
    ["shop", "shop", "Shop"],
    ["my-shop.v2", "my-shop-v2", "MyShopV2"],
    ["Größe", "gr-e", "GrE"],
  ])("%s names %s and %s", (directory, name, stack) => expect(namesFor(directory)).toEqual({ name, stack }));

  test.each(["42", "---", "2nd-shop"])("%s names none", (directory) =>
    expect(() => namesFor(directory)).toThrow(/begins with a letter/),
  );
});

test("the template asks for the versions that this repository is tested with", () => {
  const of = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"));
  const template = of("templates/project/package.json");
  const own = of("package.json");
  const { holdfast: _own, ...dependencies } = template.dependencies;
  expect({ ...own.devDependencies, ...own.dependencies }).toMatchObject({
    ...template.devDependencies,
    ...dependencies,
  });
});
