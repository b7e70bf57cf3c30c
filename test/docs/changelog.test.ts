/** The changelog has an entry for what package.json says this is, and its versions descend. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { project, textOf } from "./pages.js";

const entries = [...textOf("CHANGELOG.md").matchAll(/^## \[(.+?)\](?: - (.+))?$/gm)].map(
  ([, version = "", date]) => ({
    version,
    date,
  }),
);
const versions = entries.map(({ version }) => version);

it("has an entry for the version of the package", () => {
  const { version }: { version: string } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  expect(versions).toContain(version);
});

it("begins with what is unreleased; then the newest comes first", () => {
  expect(versions[0]).toBe("Unreleased");
  const released = versions.slice(1).map((version) => version.split(".").map(Number));
  const descending = released.toSorted((one, other) => {
    const at = one.findIndex((part, index) => part !== other[index]);
    return at === -1 ? 0 : (other[at] ?? 0) - (one[at] ?? 0);
  });
  expect(released).toEqual(descending);
});

it("dates every version but the newest, which may not be out yet", () => {
  for (const { date } of entries.slice(2)) expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
});

it("has only the kinds of changes that its shape knows", () => {
  const kinds = [...textOf("CHANGELOG.md").matchAll(/^### (.+)$/gm)].map(([, kind]) => kind);
  const known = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
  expect(kinds.filter((kind) => !known.includes(kind ?? ""))).toEqual([]);
});
