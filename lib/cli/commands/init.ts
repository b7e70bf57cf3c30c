import { json } from "../format.js";
import type { AddCommand } from "./command.js";

interface Options {
  readonly from?: string;
  readonly json?: boolean;
}

/** `holdfast init` */
export const addInit: AddCommand = (program, terminal) => {
  program
    .command("init")
    .summary("make a new project: a workflow, its test, and what deploys it")
    .description(
      "Makes a new project: a workflow with its test, and the CDK app that runs it on this machine and on AWS. Writes over nothing.",
    )
    .argument("[directory]", "where; it need not be there yet (default: this directory)")
    .option("--from <tarball>", "depend on this file, as npm pack makes it, instead of the published package")
    .option("--json", "print JSON")
    .action(async (directory: string | undefined, options: Options) => {
      const { createProject } = await import("../init/run.js");
      const { from } = options;
      const made = createProject({ directory: directory ?? ".", ...(from === undefined ? {} : { from }) });
      if (options.json) return terminal.out(json(made));
      const { colors } = terminal;
      for (const file of made.files) terminal.out(`${colors.green("+")} ${file}`);
      terminal.err("");
      terminal.err("Next:");
      if (directory !== undefined) terminal.err(`  cd ${directory}`);
      for (const [command, what] of NEXT) terminal.err(`  ${command.padEnd(PAD)}${colors.dim(what)}`);
    });
};

const PAD = 20;

const NEXT = [
  ["npm install", "what it depends on"],
  ["npm test", "its workflow, on virtual time"],
  ["npx holdfast dev", "all of it on this machine (Java 17 or newer); README.md says what to type then"],
  ["npm run deploy", "to AWS, once npx cdk bootstrap was run there"],
] as const;
