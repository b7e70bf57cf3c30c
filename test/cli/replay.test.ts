/** `holdfast replay`, in the process that it makes for the user's code. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import picocolors from "picocolors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitCodeOf, messageOf } from "../../lib/cli/exit.js";
import { createProgram } from "../../lib/cli/program.js";

const histories = join(import.meta.dirname, "../histories");
const code = join(histories, "workflows.ts");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-replay-test-"));
  for (const name of ["saga", "steps"])
    copyFileSync(join(histories, `${name}.json`), join(folder, `${name}.json`));
  writeFileSync(
    join(folder, "changed.ts"),
    `import { workflow } from "holdfast";
     console.log("printed while it is imported");
     setInterval(() => {}, 1_000);
     export const changed = workflow("saga", async (ctx) => {
       await ctx.step("reserve", () => 1, { compensate: () => {} });
       await ctx.step("book", () => 1);
     });
     export default [changed];`,
  );
  writeFileSync(join(folder, "throws.ts"), `throw new Error("no database");`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function holdfast(
  ...args: string[]
): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  let code = 0;
  try {
    await createProgram({
      out: (line) => void out.push(line),
      err: (line) => void err.push(line),
      endWith: (exitCode) => {
        code = exitCode;
      },
      colors: picocolors.createColors(false),
      width: undefined,
    }).parseAsync(["node", "holdfast", "replay", ...args]);
  } catch (error) {
    code = exitCodeOf(error);
    err.push(messageOf(error));
  }
  return { out: out.join("\n"), err: err.join("\n"), code };
}

describe("holdfast replay", { timeout: 120_000 }, () => {
  test("replays a folder of histories against the app of a TypeScript file, each by its own workflow", async () => {
    const { out, code: exit } = await holdfast(relative(process.cwd(), histories), "--workflow", code);
    expect(exit, out).toBe(0);
    expect(out).toMatch(/^ok +test\/histories\/steps\.json +steps history-steps, \d+ events, completed$/m);
    expect(out).toMatch(/^(\d+) of \1 histories fit the code$/m);
  });

  test("names both sides of a divergence and the last event that matched, and ends with 1", async () => {
    const { out, code: exit } = await holdfast(
      join(folder, "saga.json"),
      "-w",
      `${join(folder, "changed.ts")}#changed`,
    );
    expect(exit).toBe(1);
    expect(out).toMatch(/^fails .*saga\.json +saga history-saga/);
    expect(out).toMatch(/^ +recorded +StepCompleted of "saga\/step:hold", slot \d+$/m);
    expect(out).toMatch(/^ +the code +asked for step "book"$/m);
    expect(out).toMatch(/^ +matched +StepCompleted of "step:reserve", slot \d+$/m);
  });

  test("prints JSON for machines, what is wrong with a file included", async () => {
    const broken = join(folder, "broken.json");
    writeFileSync(
      broken,
      JSON.stringify(JSON.parse(readFileSync(join(folder, "saga.json"), "utf8")).slice(1)),
    );
    const { out, code: exit } = await holdfast(folder, "-w", join(folder, "changed.ts"), "--json");
    rmSync(broken);
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject([
      { ok: false, error: { name: "InvalidInputError" } },
      { ok: false, workflow: "saga", error: { name: "NonDeterminismError", asked: 'step "book"' } },
      {
        ok: false,
        workflow: "steps",
        error: { message: expect.stringMatching(/no workflow "steps".*saga/) },
      },
    ]);
  });

  test("reads exports, of several executions too, and says which of them was cut off", async () => {
    const lines = (name: string): string[] => {
      const history: unknown[] = JSON.parse(readFileSync(join(histories, `${name}.json`), "utf8"));
      const first = { execution: { executionId: `history-${name}`, workflow: name } };
      return [first, ...history, { end: { entries: history.length } }].map((line) => JSON.stringify(line));
    };
    const exported = join(folder, "exported.jsonl");
    const archived = join(folder, "archived.jsonl.gz");
    const cut = join(folder, "cut.jsonl");
    writeFileSync(exported, `${[...lines("saga"), ...lines("steps")].join("\n")}\n`);
    // In several pieces, as they are archived.
    writeFileSync(archived, Buffer.concat(lines("parallel").map((line) => gzipSync(`${line}\n`))));
    writeFileSync(cut, [...lines("steps"), ...lines("saga").slice(0, -2)].join("\n"));
    const { out, code: exit } = await holdfast(exported, archived, cut, "-w", code);
    for (const file of [exported, archived, cut]) rmSync(file);
    expect(exit).toBe(1);
    expect(out).toMatch(/^ok .*exported\.jsonl#history-saga +saga history-saga, \d+ events/m);
    expect(out).toMatch(/^ok .*exported\.jsonl#history-steps +steps history-steps/m);
    expect(out).toMatch(/^ok .*archived\.jsonl\.gz +parallel history-parallel/m);
    expect(out).toMatch(/^ok .*cut\.jsonl#history-steps/m);
    expect(out).toMatch(/^fails .*cut\.jsonl#history-saga\n.*it was cut off/m);
  });

  test.each([
    [["nowhere.json", "-w", code], /no history at nowhere\.json/],
    [[histories, "-w", "nowhere.ts"], /a file that is not there: nowhere\.ts/],
    [[join(histories, "outcomes", "..", "..", "model"), "-w", code], /no \.json or \.jsonl file/],
  ])("%j is refused as a wrong command line", async (args, message) => {
    const { err, code: exit } = await holdfast(...args);
    expect({ err, exit }).toEqual({ err: expect.stringMatching(message), exit: 2 });
  });

  test("says why code can't be run", async () => {
    const { err, code: exit } = await holdfast(join(folder, "saga.json"), "-w", join(folder, "throws.ts"));
    expect(exit).toBe(2);
    expect(err).toMatch(/could not be run[\s\S]*no database/);
  });
});
