import type { Finding, Verdict } from "../doctor/finding.js";
import { EXIT } from "../exit.js";
import { json } from "../format.js";
import { deploymentNow, findTarget, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

/** `holdfast doctor` */
export const addDoctor: AddCommand = (program, terminal) => {
  withTarget(program.command("doctor"))
    .summary("check a deployment from end to end")
    .description(
      "Checks this machine, the stack, tables, stream, queues, feeds and schedules, dead letters, late, lost and stalled executions, and outgoing messages. Says what is wrong and what to do next, and changes nothing. Ends with 1 when something is wrong.",
    )
    .option("--json", "print JSON")
    .action(async (options: TargetOptions & { readonly json?: boolean }) => {
      const { examine } = await import("../doctor/run.js");
      const findings: Finding[] = [];
      const { deployment } = options;
      for await (const finding of examine({
        target: findTarget(options, terminal),
        ...(deployment === undefined ? {} : { deployment }),
        now: await deploymentNow(options),
      })) {
        findings.push(finding);
        if (options.json !== true) print(terminal, finding);
      }
      const wrong = findings.filter(({ verdict }) => verdict === "wrong").length;
      if (options.json) terminal.out(json({ healthy: wrong === 0, findings }));
      else terminal.out(wrong === 0 ? "Nothing is wrong." : `${wrong} of ${findings.length} are wrong.`);
      if (wrong > 0) terminal.endWith(EXIT.error);
    });
};

const WIDTH = 34;

function print(terminal: Terminal, { what, verdict, found, next }: Finding): void {
  const paint = PAINTS[verdict](terminal);
  terminal.out(`${paint(verdict.padEnd(8))}${what.padEnd(WIDTH)}${found}`);
  if (next !== undefined && verdict !== "ok") terminal.out(`        ${terminal.colors.dim(`→ ${next}`)}`);
}

const PAINTS: Readonly<Record<Verdict, (terminal: Terminal) => (text: string) => string>> = {
  ok: ({ colors }) => colors.green,
  note: ({ colors }) => colors.cyan,
  wrong: ({ colors }) => colors.red,
  unknown: ({ colors }) => colors.yellow,
};
