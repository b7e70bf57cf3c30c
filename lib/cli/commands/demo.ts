import type { AddCommand } from "./command.js";

/** `holdfast demo` */
export const addDemo: AddCommand = (program, terminal) => {
  program
    .command("demo")
    .summary("show what Holdfast promises, and check it")
    .description(
      "Runs this repository's example app on this machine (the real functions as processes, on the real DynamoDB Local) through a retry, a wait, a compensation, a kill -9 and a double start, and checks everything that it shows. Ends with 0 only if all of it was so.",
    )
    .option("--json", "print JSON: claims, histories, write units")
    .action(async (options: { readonly json?: boolean }) => {
      const { runDemo } = await import("../demo/run.js");
      terminal.endWith(await runDemo(options, terminal));
    });
};
