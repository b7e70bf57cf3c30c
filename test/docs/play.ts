/**
 * What the comment above a block says that is to be done with it:
 *
 * | with <document>                  | its workflows and events are those of that document's app                             |
 * | start <workflow> [json] [as id]  | starts an execution; before the block runs, if the block has a client                |
 * | publish <event> <json>           | puts an event on the bus                                                              |
 * | signal <id> <name> [json]        | sends a signal                                                                        |
 * | update <id> <name> <json>        | asks, and waits for the answer                                                        |
 * | advance <duration>               | lets time pass                                                                        |
 * | keep <file>                      | lets the last execution end, and writes its history to a file                         |
 * | call <export>                    | calls a function that the block exports, with a client                                |
 * | gives <json>                     | the last execution ends well, with this; or, after `update`, that is the answer       |
 * | ends                             | the last execution ends well                                                          |
 * | fails <name>                     | the last execution ends with an error of that name                                    |
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Duration } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import { expect } from "vitest";
import { blocksIn, Evaluation, importsOf } from "./evaluate.js";
import { type Block, placeOf } from "./pages.js";

/** Runs a block, and does with it what it says. Whatever goes wrong is thrown. */
export async function play(block: Block): Promise<void> {
  let deployed: Promise<TestApp> | undefined;
  const deployment = (): Promise<TestApp> => {
    deployed ??= testApp(evaluation.app(), { transact: () => undefined });
    return deployed;
  };
  const evaluation = new Evaluation(async () => (await deployment()).client);
  const player = new Player(block, deployment);
  const instructions = [...(block.run ?? [])];
  if (instructions[0]?.startsWith("with "))
    await evaluation.evaluate(appOf(instructions.shift()?.slice("with ".length) ?? ""));
  await evaluation.evaluateImports(block);
  // Whoever has a client finds what was started before.
  const before = needsClient(block) ? instructions.splice(0) : [];
  const preparing = before.filter((each) => !isVerdict(each));
  for (const instruction of preparing) await player.follow(instruction, {});
  const exports = await evaluation.evaluate(block);
  for (const instruction of [...before.filter(isVerdict), ...instructions])
    await player.follow(instruction, exports);
  for (const body of evaluation.tests) await body();
  if (deployed !== undefined) expect((await deployed).errors).toEqual([]);
}

function needsClient({ text }: Block): boolean {
  return /DurableClient\.from/.test(text);
}

export function isTest(block: Block): boolean {
  return importsOf(block).includes("vitest");
}

function isVerdict(instruction: string): boolean {
  return /^(gives|ends|fails|call)\b/.test(instruction);
}

function appOf(document: string): Block {
  const found = blocksIn(document).find(({ text }) => text.includes("export default app("));
  if (found === undefined) throw new Error(`${document} has no block that exports an app.`);
  return found;
}

class Player {
  #last: string | undefined;
  #answer: { readonly value: unknown } | undefined;

  constructor(
    private readonly block: Block,
    private readonly deployment: () => Promise<TestApp>,
  ) {}

  async follow(instruction: string, exports: Readonly<Record<string, unknown>>): Promise<void> {
    const [verb = "", ...words] = instruction.split(" ");
    const rest = words.join(" ");
    const t = await this.deployment();
    switch (verb) {
      case "start":
        return this.#start(t, rest, exports);
      case "publish":
        await t.client.publish(words[0] ?? "", json(words.slice(1)));
        return t.settle();
      case "signal":
        await t.client.signal(words[0] ?? "", words[1] ?? "", json(words.slice(2)));
        return t.settle();
      case "update": {
        const value = await t.client.update(words[0] ?? "", words[1] ?? "", json(words.slice(2)));
        this.#answer = { value };
        return;
      }
      case "advance":
        return t.advance(rest as Duration);
      case "keep":
        return this.#keep(t, rest);
      case "call":
        await called(exports[rest], t.client);
        return t.settle();
      case "gives":
        return this.#gives(t, JSON.parse(rest));
      case "ends":
        await t.runToEnd(this.#execution());
        return;
      case "fails":
        await expect(t.runToEnd(this.#execution())).rejects.toMatchObject({ cause: { name: rest } });
        return;
      default:
        throw new Error(
          `${placeOf(this.block)} says "${instruction}". test/docs/play.ts lists what can be said.`,
        );
    }
  }

  /** In the input, `"@name"` stands for what the block exports under that name. */
  async #start(t: TestApp, rest: string, exports: Readonly<Record<string, unknown>>): Promise<void> {
    const [, workflow = "", input, id] = /^(\S+)(?: (?!as )(.*?))?(?: as (\S+))?$/.exec(rest) ?? [];
    const given: unknown =
      input === undefined
        ? undefined
        : JSON.parse(input, (_, value) =>
            typeof value === "string" && value.startsWith("@") ? exports[value.slice(1)] : value,
          );
    const { executionId } = await t.client.start(workflow, given, id === undefined ? {} : { id });
    this.#last = executionId;
    this.#answer = undefined;
    await t.settle();
  }

  async #gives(t: TestApp, wanted: unknown): Promise<void> {
    const answer = this.#answer;
    this.#answer = undefined;
    const found = answer === undefined ? await t.runToEnd(this.#execution()) : answer.value;
    expect(found).toEqual(wanted);
  }

  async #keep(t: TestApp, file: string): Promise<void> {
    await t.runToEnd(this.#execution());
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(await t.client.history(this.#execution())));
  }

  #execution(): string {
    if (this.#last === undefined) throw new Error(`${placeOf(this.block)} has started nothing yet.`);
    return this.#last;
  }
}

function json(words: readonly string[]): unknown {
  return words.length === 0 ? undefined : JSON.parse(words.join(" "));
}

async function called(exported: unknown, client: TestApp["client"]): Promise<void> {
  if (typeof exported !== "function") throw new Error("What is to be called is not exported.");
  await exported(client);
}
