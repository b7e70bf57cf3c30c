/** Each of our numbers on the page of limits is the constant that it names, and beyond it comes the error that the page names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { app, type Context, event, workflow } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { project, textOf } from "./pages.js";

interface Row {
  readonly what: string;
  readonly limit: string;
  /** What happens at it. */
  readonly then: string;
  readonly constant: string;
  readonly file: string;
}

const rows: Row[] = [
  ...textOf("docs/limits.md").matchAll(
    /^\| ([^|]+) \| ([^|]+) \|([^|]*)\|.*\| `([A-Z_]+)` `(lib\/[^`]+\.ts)` \|$/gm,
  ),
].map(([, what = "", limit = "", then = "", constant = "", file = ""]) => ({
  what,
  limit,
  then,
  constant,
  file,
}));

const UNITS_MS: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** The first number that a cell names; a time in milliseconds. */
function numberIn(limit: string): number {
  const [, digits = "", unit = ""] = /([\d,]+)(?: ([a-z]+))?/.exec(limit) ?? [];
  return Number(digits.replaceAll(",", "")) * (UNITS_MS[unit.replace(/s$/, "")] ?? 1);
}

/** What a constant is, as far as it is made of numbers and of other constants of its file. */
function constantIn(file: string, constant: string): number {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(project, file), "utf8"),
    ts.ScriptTarget.ESNext,
    true,
  );
  const initializers = new Map<string, ts.Expression>();
  const gather = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined)
      initializers.set(node.name.text, node.initializer);
    ts.forEachChild(node, gather);
  };
  gather(source);
  const evaluate = (node: ts.Expression | undefined): number => {
    if (node === undefined) throw new Error(`${file} has no constant that ${constant} is made of.`);
    if (ts.isNumericLiteral(node)) return Number(node.text);
    if (ts.isIdentifier(node)) return evaluate(initializers.get(node.text));
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskToken)
      return evaluate(node.left) * evaluate(node.right);
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const object = initializers.get(node.expression.text);
      const field =
        object !== undefined && ts.isObjectLiteralExpression(object)
          ? object.properties.find((each) => each.name?.getText() === node.name.text)
          : undefined;
      if (field !== undefined && ts.isPropertyAssignment(field)) return evaluate(field.initializer);
    }
    throw new Error(`${constant} of ${file} is no product of numbers: ${node.getText()}`);
  };
  return evaluate(initializers.get(constant));
}

describe("the page of limits", () => {
  it("names a constant in each row of ours", () => {
    expect(rows.length).toBeGreaterThanOrEqual(28);
    const ours = textOf("docs/limits.md").split("\n## Quotas of AWS")[0] ?? "";
    const all = ours.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| What |"));
    expect(all).toHaveLength(rows.length);
  });

  it.each(rows)("$what: $limit is $constant", ({ limit, constant, file }) => {
    expect(numberIn(limit)).toBe(constantIn(file, constant));
  });
});

const Changed = event<{ text: string }>("changed");
const LONG = "x".repeat(257);
const LARGE = "x".repeat(255_001);

/** What goes too far in a workflow's code, by the constant that says how far it may go. */
const IN_CODE: Readonly<Record<string, (ctx: Context) => Promise<unknown>>> = {
  LONGEST_OPERATION_NAME_BYTES: (ctx) => ctx.step(LONG, () => 1),
  LARGEST_VALUE_BYTES: (ctx) => ctx.step("make", () => "x".repeat(32_000_000)),
  DEEPEST: (ctx) => ctx.step("make", () => nested(201)),
  LARGEST_DETAIL_BYTES: (ctx) => ctx.sendEvent(Changed, { text: LARGE }),
  LARGEST_SIGNAL_BYTES: (ctx) => ctx.signal("another", "note", LARGE),
  LARGEST_WHERE_BYTES: (ctx) => ctx.waitForEvent(Changed, { where: { text: Array(500).fill("long") } }),
  LONGEST_DURATION_MS: (ctx) => ctx.sleep("367d"),
  LONGEST_LOOKBACK_MS: (ctx) => ctx.waitForEvent(Changed, { lookback: "25h" }),
  MOST_TRANSACTION_ACTIONS: (ctx) =>
    ctx.transaction("write", (tx) => {
      for (let id = 0; id < 100; id++) tx.put({ TableName: "Notes", Item: { id } });
    }),
  LARGEST_TRANSACTION_BYTES: (ctx) =>
    ctx.transaction("write", (tx) => {
      for (let id = 0; id < 14; id++) tx.put({ TableName: "Notes", Item: { id, text: "x".repeat(330_000) } });
    }),
};

const notes = app({
  workflows: [
    workflow("idle", async () => {}),
    ...Object.entries(IN_CODE).map(([name, code]) => workflow(name, async (ctx) => void (await code(ctx)))),
  ],
  events: [Changed],
});

/** What goes too far from outside. */
const BY_CLIENTS: Readonly<Record<string, (t: TestApp) => Promise<unknown>>> = {
  LONGEST_EXECUTION_ID: ({ client }) => client.start("idle", undefined, { id: "x".repeat(201) }),
  LONGEST_MESSAGE_ID_BYTES: ({ client }) => client.signal("o-1", "note", 1, { id: LONG }),
  LONGEST_LABEL_BYTES: ({ client }) => client.start("idle", undefined, { application: LONG }),
  LARGEST_VALUE_BYTES: ({ client }) => client.start("idle", "x".repeat(32_000_000)),
  LONGEST_DURATION_MS: ({ client }) => client.start("idle", undefined, { delay: "367d" }),
  MOST_LISTED: ({ client }) => client.list({ limit: 1_001 }),
};

describe("beyond a limit", () => {
  it.each(Object.entries(IN_CODE))("%s, code fails with the error that the page names", async (constant) => {
    const t = await testApp(notes);
    await expect(t.run(notes.workflow(constant), undefined)).rejects.toMatchObject({
      cause: { name: errorAt(constant) },
    });
  });

  it.each(Object.entries(BY_CLIENTS))(
    "%s, clients are refused with the error that the page names",
    async (constant, go) => {
      await expect(go(await testApp(notes))).rejects.toMatchObject({ name: errorAt(constant) });
    },
  );
});

function errorAt(constant: string): string {
  const row = rows.find((each) => each.constant === constant);
  return /`(\w+Error)`/.exec(row?.then ?? "")?.[1] ?? `no error in the row of ${constant}`;
}

/** A list in a list, so many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}
