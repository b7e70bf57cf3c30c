/** The page on what is to be verified on AWS: it lists the checks as they are, and says of each what is expected. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CHECKS } from "../verify/checks.js";
import { project } from "./named-tests.js";

const page = readFileSync(join(project, "docs/verify-on-aws.md"), "utf8");

it("has a row for each check, in their order", () => {
  const rows = CHECKS.map(
    ({ id, title, needs, minutes }) =>
      `| \`${id}\` | ${title} | ${needs === "aws" ? "AWS" : "AWS, local cloud"} | ${minutes} |`,
  );
  expect(page.split("\n").filter((line) => /^\| `[a-z][a-z-]*` \|/.test(line))).toEqual(rows);
});

it("says of each what is expected", () => {
  const [, told = ""] = page.split("| Check |");
  const named = [...told.matchAll(/`([a-z-]+)`(?=[,:])/g)].map(([, id]) => id);
  expect(CHECKS.map(({ id }) => id).filter((id) => !named.includes(id))).toEqual([]);
});
