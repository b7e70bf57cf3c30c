/** What a person answers to a question of the command. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { confirm } from "../../lib/cli/terminal.js";

async function asked(answer: string): Promise<{ readonly agreed: boolean; readonly shown: string }> {
  const input = new PassThrough();
  const output = new PassThrough();
  const agreed = confirm("cancel 5 executions?", input, output);
  input.end(answer);
  return { agreed: await agreed, shown: String(output.read()) };
}

test.each([
  ["y\n", true],
  ["Yes\n", true],
  [" y \n", true],
  ["n\n", false],
  ["\n", false],
  ["maybe\n", false],
  ["yesterday\n", false],
])("%j is a yes: %s", async (answer, agreed) => {
  expect(await asked(answer)).toEqual({ agreed, shown: "cancel 5 executions? [y/N] " });
});

test("whoever ends the input has said no, and what comes next begins on a line of its own", async () => {
  expect(await asked("")).toEqual({ agreed: false, shown: "cancel 5 executions? [y/N] \n" });
});
