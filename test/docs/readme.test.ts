/** What the README promises of itself. */
import { expect, it } from "vitest";
import { blocksIn } from "./evaluate.js";

it("the README's first workflow has at most twenty lines", () => {
  const [first] = blocksIn("README.md");
  expect(first?.name).toBe("workflows/app.ts");
  expect(first?.text.split("\n").length).toBeLessThanOrEqual(20);
});
