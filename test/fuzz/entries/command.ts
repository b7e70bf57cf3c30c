/** The command: every subcommand that asks a deployment, with odd arguments, options and JSON. No region is configured: nothing is asked. */
import { callbackToken } from "../../../lib/model/callback-token.js";
import { runCommand } from "../../cli/run.js";
import type { Dice } from "../dice.js";
import { damagedText, json, LONG } from "../rubbish.js";
import { short, type Tried } from "../verdict.js";
import type { Entry } from "./entry.js";

const TOKEN = callbackToken({ executionId: "o-1", op: "callback:approve", heartbeatMs: 1_000 });

const VALID: readonly (readonly string[])[] = [
  [
    "start",
    "order",
    "--input",
    "{}",
    "--id",
    "o-1",
    "--delay",
    "1h",
    "--wait",
    "10s",
    "--application",
    "shop",
  ],
  [
    "list",
    "--status",
    "suspended",
    "failed",
    "--application",
    "shop",
    "--created-after",
    "2026-01-31",
    "--limit",
    "5",
  ],
  ["list", "--cursor", Buffer.from('{"query":"x","at":1,"last":{}}').toString("base64url"), "--count"],
  ["waiting", "payment.completed", "--key", "o-1", "--limit", "5", "--cursor", "abc"],
  ["show", "o-1"],
  ["history", "o-1", "--json"],
  ["export", "o-1"],
  ["delete", "o-1", "o-2"],
  ["outbox", "list", "--given-up", "--limit", "3", "--cursor", "abc"],
  ["outbox", "retry", "o-1/1"],
  ["schedules", "list"],
  ["schedules", "show", "tenant-42"],
  [
    ...["schedules", "put", "t.1", "-w", "reports/nightly", "-e", "cron(0 9 ? * MON-FRI *)", "--timezone"],
    ...[
      "Europe/Vienna",
      "--overlap",
      "skip",
      "--input",
      "null",
      "--start-at",
      "2026-01-31",
      "--end-at",
      "2099-01-31",
    ],
  ],
  ["schedules", "put", "t-1", "-w", "nightly", "-e", "rate(5 minutes)"],
  ["schedules", "pause", "t-1"],
  ["dead-letters", "list", "--limit", "5"],
  ["dead-letters", "retry", "m-1", "m-2"],
  ["send", "payment.completed", "--data", '{"a":1}', "--target", "o-1"],
  ["signal", "o-1", "go", "--data", "1", "--id", "m-1"],
  ["update", "o-1", "double", "--input", "1", "--id", "u-1", "--timeout", "1m"],
  ["callback", "complete", TOKEN, "--result", "1"],
  ["callback", "fail", TOKEN, "--reason", "late"],
  ["callback", "heartbeat", TOKEN],
  ["cancel", "o-1", "--reason", "no more"],
  ["terminate", "o-1"],
  ["pause", "o-1"],
  ["resume", "o-1"],
  ["redrive", "o-1"],
  ["fork", "o-1", "--from", "charge", "--id", "o-2"],
];

const WORDS = [
  ...[
    "",
    " ",
    "--",
    "--json",
    "--help",
    "-x",
    "--id",
    "--limit=-1",
    "--limit=1e9",
    "--limit",
    "NaN",
    "--input={",
    "--data",
  ],
  ...[
    "__proto__",
    "constructor",
    "--__proto__=1",
    "--constructor",
    "toString",
    "@",
    "@/nowhere",
    "@.",
    "\u0000",
    "\ud800",
  ],
  ...[
    "2026-02-30",
    "2026-13-01",
    "99999-01-01",
    "rate(0 minutes)",
    "cron(* * * * * *)",
    "cron(",
    "1e9d",
    "-5s",
    "0.0000001ms",
  ],
  ...[
    "\u001b[2J",
    "é".repeat(200),
    "x".repeat(LONG),
    "[".repeat(20_000),
    '{"__proto__":{"polluted":1}}',
    "%s%n",
    "$(id)",
  ],
] as const;

/** Never the name of a command, and never `-`, which would wait for standard input. */
function argument(dice: Dice, valid: string): string {
  const made = dice.pick<() => string>([
    () => dice.pick(WORDS),
    () => dice.pick(WORDS),
    () => valid.slice(0, dice.below(valid.length + 1)),
    () => valid + dice.pick(WORDS),
    () => damagedText(dice, { a: 1, id: "o-1", at: [null] }),
    () => JSON.stringify(json(dice)) ?? "",
    () => "",
  ])();
  return made === "-" ? "--" : made;
}

/** What the command's own environment would bring along. */
const ENVIRONMENT = {
  AWS_REGION: undefined,
  AWS_DEFAULT_REGION: undefined,
  AWS_PROFILE: undefined,
  AWS_CONFIG_FILE: "/nowhere",
  AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
  AWS_EC2_METADATA_DISABLED: "true",
};

export const commandLines: Entry = {
  name: "command: its arguments",
  async run(dice): Promise<Tried> {
    const [command = "", ...rest] = dice.pick(VALID);
    const args = [command, ...rest];
    for (let times = dice.percent(70) ? 1 : 3; times > 0; times--) {
      const at = 1 + dice.below(args.length);
      const valid = args[at] ?? "";
      if (dice.percent(20)) args.splice(at, 1);
      else if (dice.percent(25)) args.splice(at, 0, argument(dice, valid));
      else args[at] = argument(dice, valid);
    }
    const before = { ...process.env };
    set(ENVIRONMENT);
    try {
      // Before what may end the options.
      const { out, err, code } = await runCommand([command, "--aws", ...args.slice(1)]);
      return { input: short(args), end: `exit ${code}`, broken: wrongWithRun(out, err, code, args) };
    } catch (error) {
      return {
        input: short(args),
        end: "threw",
        broken: [`the command says what is wrong: ${String(error)}`],
      };
    } finally {
      set({ ...Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])), ...before });
    }
  },
};

function wrongWithRun(out: string, err: string, code: number, args: readonly string[]): string[] {
  const said = `${out}\n${err}`;
  const foreseen = /Region is missing|credentials/i.test(err);
  return [
    ...(Number.isInteger(code) && code >= 0 && code <= 5
      ? []
      : [`it ends with a code that means something: ${code}`]),
    ...(code === 1 && !foreseen ? [`only what nobody could foresee is an error: ${err.slice(0, 500)}`] : []),
    ...(code !== 0 && err.trim() === "" ? ["it says what is wrong"] : []),
    ...(/^\s+at .+:\d+:\d+\)?$/m.test(said) ? [`it prints no stack: ${said.slice(0, 800)}`] : []),
    ...(/TypeError|RangeError|Cannot read prop|is not a function|\[object Object\]/.test(said)
      ? [`it says what is wrong in its own words: ${said.slice(0, 500)}`]
      : []),
    ...(err.length > 6_000 + 2 * args.join("").length
      ? [`what it says is short: ${err.length} characters`]
      : []),
  ];
}

function set(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}
