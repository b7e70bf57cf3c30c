import type { Command } from "commander";
import type { Connection } from "../../aws/connection.js";
import type { WorkerVersion } from "../../aws/worker-versions.js";
import type { CodeInUse } from "../../client/versions.js";
import { NEXT_CODE } from "../../model/head.js";
import type { EpochMs } from "../../model/time.js";
import { doToAll } from "../bulk/run.js";
import { EXIT } from "../exit.js";
import { json, shownInstant } from "../format.js";
import { checkIdArgument } from "../input.js";
import { printTable } from "../table.js";
import { connect, deploymentNow, type TargetOptions, targetOf, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly json?: boolean;
}

/** `holdfast versions` */
export const addVersions: AddCommand = (program, terminal) => {
  const versions = program
    .command("versions")
    .summary("the deployed code that executions run on")
    .description(
      "The deployed code that open executions run on: how many still need which, moving one to the latest, and deleting versions that nobody needs.",
    );
  const sub = (name: string, summary: string): Command =>
    withTarget(versions.command(name)).summary(summary).description(summary).option("--json", "print JSON");

  sub("list", "how many open and stalled executions run on which code; reads all of them").action(
    (options: Options) => list(terminal, options),
  );

  sub("move", "let the latest code go on with pinned executions, from their next turns on")
    .argument("<id...>", "the executions' ids")
    .action(async (ids: string[], options: Options) => {
      for (const id of ids) checkIdArgument(id);
      const client = await connect(options, terminal);
      const move = (executionId: string) => client.versions.moveToLatest(executionId);
      const [executionId] = ids;
      if (executionId === undefined || ids.length > 1)
        return doToAll(ids, { verb: "move", act: move }, options, terminal);
      const { from } = await move(executionId);
      if (options.json) terminal.out(json({ executionId, from }));
      else if (from === NEXT_CODE) terminal.out(`${executionId} goes on with the latest code already`);
      else terminal.out(`${executionId} was pinned to ${from}, and goes on with the latest code`);
    });

  sub("prune", "delete the worker's versions that no open or stalled execution needs")
    .option("-y, --yes", "delete them without asking; where nobody can be asked, they are only named")
    .action((options: Options & { readonly yes?: boolean }) => prune(terminal, options));
};

interface Look {
  readonly inUse: readonly CodeInUse[];
  /** Oldest first. */
  readonly published: readonly WorkerVersion[];
  /** The code that a new execution is pinned to; absent where no versions are published. */
  readonly live?: string;
  readonly connection: Connection;
  /** The deployment's time. */
  readonly now: EpochMs;
}

/** What the stack tells of the worker, its published versions, and who needs which. */
async function look(terminal: Terminal, options: TargetOptions): Promise<Look> {
  const [{ listVersions }, { codeName }] = await Promise.all([
    import("../../aws/worker-versions.js"),
    import("../../aws/code-name.js"),
  ]);
  const { names, connection } = await targetOf(options, terminal);
  const client = await connect(options, terminal);
  let told = 0;
  const inUse = await client.versions.inUse((read) => {
    if (read < told + 1_000) return;
    told = read;
    terminal.err(terminal.colors.dim(`read ${read} executions …`));
  });
  const { workerFunction: functionName, workerVersion: version } = names;
  const now = await deploymentNow(options);
  if (functionName === undefined || version === undefined) return { inUse, connection, now, published: [] };
  const published = await listVersions(functionName, connection);
  return { inUse, connection, now, published, live: codeName({ functionName, version }) };
}

async function list(terminal: Terminal, options: Options): Promise<void> {
  const found = await look(terminal, options);
  const { inUse, published, live } = found;
  if (options.json) {
    const dated = published.map((each) => ({ ...each, publishedAt: new Date(each.publishedAt) }));
    return terminal.out(json({ inUse, published: dated, ...(live === undefined ? {} : { live }) }));
  }
  if (inUse.length === 0) terminal.out("No execution is open or stalled.");
  else
    printTable(
      terminal,
      [
        { title: "WORKFLOW", shrinks: true },
        { title: "RUNS ON" },
        { title: "CODE AT START" },
        { title: "EXECUTIONS" },
        { title: "OLDEST", instants: true },
      ],
      inUse.map((each) => [
        each.workflow,
        runsOn(each, live),
        each.definition,
        String(each.executions),
        shownInstant(each.oldest),
      ]),
    );
  const unneeded = await unneededOf(found);
  if (unneeded.length > 0)
    terminal.out(
      `${terminal.colors.dim("needed by nobody:")} version ${unneeded.map(({ version }) => version).join(", ")}; holdfast versions prune deletes them`,
    );
}

async function prune(terminal: Terminal, options: Options & { readonly yes?: boolean }): Promise<void> {
  const found = await look(terminal, options);
  const { connection } = found;
  const unneeded = await unneededOf(found);
  const names = unneeded.map(({ code }) => code);
  if (unneeded.length === 0) {
    if (options.json) terminal.out(json({ needless: names, deleted: [] }));
    else terminal.out("Every version of the worker is needed, or was replaced within the last hour.");
    return;
  }
  if (!options.json)
    for (const { code, publishedAt } of unneeded)
      terminal.out(
        `${code}, published ${shownInstant(publishedAt)}: no open or stalled execution is pinned to it`,
      );
  const question = `delete ${unneeded.length} version${unneeded.length === 1 ? "" : "s"}?`;
  const isAgreed = options.yes === true || (await terminal.confirm?.(question)) === true;
  const deleted: string[] = [];
  if (isAgreed) {
    // Somebody may have begun, or been missed, while the others were read: a second look sees whoever stays.
    const needed = new Set((await look(terminal, options)).inUse.map(({ pinnedTo }) => pinnedTo));
    const { deleteVersion } = await import("../../aws/worker-versions.js");
    for (const each of unneeded.filter(({ code }) => !needed.has(code))) {
      await deleteVersion(each, connection);
      deleted.push(each.code);
      if (!options.json) terminal.out(`deleted ${each.code}`);
    }
  }
  // Where nobody can be asked they are only to be named; somebody who was asked has said no.
  if (!isAgreed && terminal.confirm !== undefined) terminal.endWith(EXIT.error);
  if (options.json) terminal.out(json({ needless: names, deleted }));
  else if (!isAgreed)
    terminal.out(
      "Nothing was deleted. A failed execution that is redriven later would have to be moved first. To delete them: holdfast versions prune --yes",
    );
}

async function unneededOf({ published, live, inUse, now }: Look): Promise<WorkerVersion[]> {
  if (live === undefined) return [];
  const { needless } = await import("../../decide/versions.js");
  const needed = new Set(inUse.flatMap(({ pinnedTo }) => (pinnedTo === undefined ? [] : [pinnedTo])));
  return needless(published, live, needed, now);
}

function runsOn({ pinnedTo }: CodeInUse, live: string | undefined): string {
  if (pinnedTo === undefined) return "the latest";
  if (pinnedTo === NEXT_CODE) return "the latest, at its next turn";
  const version = `version ${pinnedTo.split(":").at(-1)}`;
  return pinnedTo === live ? `${version} (live)` : version;
}
