import { readCallbackToken } from "../../model/callback-token.js";
import { json } from "../format.js";
import { readJson } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly json?: boolean;
}

/** `holdfast callback complete`, `fail` and `heartbeat` */
export const addCallback: AddCommand = (program, terminal) => {
  const callback = program
    .command("callback")
    .summary("end what an execution waits for by its token")
    .description("Ends what ctx.callback waits for, by its token. The first end counts.");
  const told = (options: Options, done: string): void =>
    terminal.out(
      options.json ? json({ callback: done }) : `the callback is ${done}, unless it had ended before`,
    );

  withTarget(callback.command("complete"))
    .summary("complete it with a result")
    .description("Completes a callback: what ctx.callback waits for has this result.")
    .argument("<token>", "the callback's token")
    .option("-r, --result <json>", "what it is completed with: JSON, @file, or - for standard input")
    .option("--json", "print JSON")
    .action(async (token: string, options: Options & { readonly result?: string }) => {
      readCallbackToken(token);
      const result = options.result === undefined ? undefined : await readJson(options.result, "--result");
      await (await connect(options, terminal)).completeCallback(token, result);
      told(options, "completed");
    });

  withTarget(callback.command("fail"))
    .summary("let it throw an error")
    .description("Fails a callback: what ctx.callback waits for throws an error with this message.")
    .argument("<token>", "the callback's token")
    .requiredOption("-r, --reason <text>", "the error's message")
    .option("--json", "print JSON")
    .action(async (token: string, options: Options & { readonly reason: string }) => {
      readCallbackToken(token);
      await (await connect(options, terminal)).failCallback(token, new Error(options.reason));
      told(options, "failed");
    });

  withTarget(callback.command("heartbeat"))
    .summary("say that it is still being worked on")
    .description("Says that a callback is still being worked on, so that its heartbeat timeout begins anew.")
    .argument("<token>", "the callback's token")
    .option("--json", "print JSON")
    .action(async (token: string, options: Options) => {
      readCallbackToken(token);
      await (await connect(options, terminal)).heartbeatCallback(token);
      terminal.out(options.json ? json({ callback: "alive" }) : "the callback is known to be worked on");
    });
};
