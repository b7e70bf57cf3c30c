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
 * | call <export> [json] [throws e]  | calls a function that the block exports, with a client or those arguments             |
 * | gives <json>                     | the last execution ends well, with this; or, after `update`, that is the answer       |
 * | ends                             | the last execution ends well                                                          |
 * | fails <name>                     | the last execution ends with an error of that name                                    |
 * | shows <id> <json>                | `describe` gives this, among other things                                             |
 * | executions <workflow> <ids>      | its executions are these                                                              |
 * | published <event id> <n>         | so often an event with that id was put on the bus                                     |
 * | stores <text>, hides <text>      | what is stored of the last execution has that text in it, or has not                  |
 * | prints <json>                    | the block prints that                                                                 |
 * | counts <json>                    | it prints how often something went wrong on purpose: some of these, and nothing else  |
 *
 * What a block finds there beside its workflows is said first, and looked at afterwards:
 *
 * | kms <key>                        | KMS, with that key alone                                                              |
 * | asks <operation> <n>             | so often KMS was asked for it                                                         |
 * | tables <names>                   | DynamoDB Local, with tables of these names beside those of the executions             |
 * | put <table> <json>               | puts an item                                                                          |
 * | holds <table> <json>             | the items of a table are these                                                        |
 * | relay <duration>                 | as `advance`; then the audit finds what a transaction has sent that no stream told of |
 * | synth <document>                 | in cdk.out, the stacks that a document shows                                          |
 * | cloud <block>                    | a local cloud, in which the stacks of that block of the page run                      |
 * | fired <schedule> <json>          | a client's schedule came round once, and was deleted; what it started is the last one |
 * | after <method> <json>            | that call of `client.schedules` leaves the schedule so, or `null`                     |
 *
 * With a block that starts a local cloud by itself, all of it is done when the block stops that one, just before that.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as cdk from "aws-cdk-lib";
import type { Duration, SchedulePut } from "holdfast";
import { expect } from "vitest";
import { eventually } from "../local/harness.js";
import { blocksIn, Evaluation, importsOf } from "./evaluate.js";
import { layOut, link } from "./ground.js";
import { type Block, placeOf } from "./pages.js";
import { Stage } from "./stage.js";

/** Runs a block, and does with it what it says. Whatever goes wrong is thrown. */
export async function play(block: Block): Promise<void> {
  const player = new Player(block);
  try {
    await player.play();
  } finally {
    await player.stage.close();
  }
}

export function isTest(block: Block): boolean {
  return importsOf(block).includes("vitest");
}

/** Whether stacks are bundled, and run in processes of their own. */
export function needsCloud(block: Block): boolean {
  return startsCloud(block) || block.run?.some((each) => each.startsWith("cloud ")) === true;
}

function startsCloud(block: Block): boolean {
  return importsOf(block).includes("holdfast/local");
}

/** Whether a block makes stacks. */
export function deploys(block: Block): boolean {
  return importsOf(block).includes("holdfast/cdk");
}

function needsClient({ text }: Block): boolean {
  return /DurableClient\.from/.test(text);
}

const GROUND = /^(kms|tables|synth|cloud)\b/;
const VERDICT =
  /^(gives|ends|fails|call|prints|shows|executions|published|stores|hides|asks|holds|after|counts)\b/;

function appOf(document: string): Block {
  const found = blocksIn(document).find(({ text }) => text.includes("export default app("));
  if (found === undefined) throw new Error(`${document} has no block that exports an app.`);
  return found;
}

class Player {
  readonly stage: Stage;
  readonly #evaluation: Evaluation;
  readonly #instructions: string[];
  #exports: Readonly<Record<string, unknown>> = {};
  #last: string | undefined;
  #answer: { readonly value: unknown } | undefined;

  constructor(private readonly block: Block) {
    this.#instructions = [...(block.run ?? [])];
    this.stage = new Stage(
      () => this.#evaluation.app(),
      () => this.#follow(() => true),
    );
    this.#evaluation = this.#evaluating();
  }

  #evaluating(): Evaluation {
    const { stage } = this;
    return new Evaluation({ client: (stackName) => stage.client(stackName), local: stage.clouds.module });
  }

  async play(): Promise<void> {
    const { block } = this;
    if (this.#instructions[0]?.startsWith("with "))
      await this.#evaluation.evaluate(appOf(this.#instructions.shift()?.slice("with ".length) ?? ""));
    if (startsCloud(block)) layOut(block.document);
    await this.#follow((each) => GROUND.test(each));
    await this.#evaluation.evaluateImports(block);
    // Whoever has a client finds what was started before.
    if (needsClient(block)) await this.#follow((each) => !VERDICT.test(each));
    this.#exports = await this.#evaluation.evaluate(block);
    if (startsCloud(block)) expect(this.stage.clouds.stops).toBe(1);
    await this.#follow(() => true);
    for (const body of this.#evaluation.tests) await body();
    await this.stage.nothingFailed();
  }

  /** As far as they are such ones. */
  async #follow(these: (instruction: string) => boolean): Promise<void> {
    for (;;) {
      const [next] = this.#instructions;
      if (next === undefined || !these(next)) return;
      this.#instructions.shift();
      const [verb = "", ...words] = next.split(" ");
      const does = this.#verbs[verb];
      if (does === undefined)
        throw new Error(`${placeOf(this.block)} says "${next}". test/docs/play.ts lists what can be said.`);
      await does(...words);
    }
  }

  readonly #verbs: Readonly<Record<string, (...words: string[]) => unknown>> = {
    kms: (key = "") => this.stage.useKms(key),
    tables: (...names) => this.stage.useDynamoDb(names),
    synth: async (document = "") => link(await this.#synthesized(document, deploys), "cdk.out"),
    cloud: async (name) =>
      this.stage.enterCloud(await this.#synthesized(this.block.document, (other) => other.name === name)),

    start: (...words) => this.#start(words.join(" ")),
    publish: async (event = "", ...data) => {
      const t = await this.stage.deployment();
      await t.client.publish(event, json(data));
      return t.settle();
    },
    signal: async (id = "", name = "", ...data) => {
      const t = await this.stage.deployment();
      await t.client.signal(id, name, json(data));
      return t.settle();
    },
    update: async (id = "", name = "", ...input) => {
      const { client } = await this.stage.deployment();
      this.#answer = { value: await client.update(id, name, json(input)) };
    },
    advance: async (...duration) => (await this.stage.deployment()).advance(duration.join(" ") as Duration),
    relay: async (...duration) => {
      const t = await this.stage.deployment();
      await t.advance(duration.join(" ") as Duration);
      await t.audit();
      return t.settle();
    },
    put: (table = "", ...item) => this.stage.putItem(table, json(item)),
    fired: (id = "", ...rest) => this.#fired(id, json(rest)),

    keep: (...words) => this.#keep(words.join(" ")),
    call: (...words) => this.#call(words.join(" ")),
    gives: (...output) => this.#gives(json(output)),
    ends: async () => (await this.stage.deployment()).runToEnd(this.#execution()),
    fails: async (...name) =>
      expect((await this.stage.deployment()).runToEnd(this.#execution())).rejects.toMatchObject({
        cause: { name: name.join(" ") },
      }),
    prints: (...line) => expect(this.#evaluation.printed).toContainEqual(json(line)),
    counts: (...possible) => this.#counts(json(possible)),
    shows: async (id = "", ...state) => {
      const { client } = await this.stage.deployment();
      expect(await client.describe(id)).toMatchObject(json(state));
    },
    executions: async (workflow = "", ...ids) => {
      const { executions } = await (await this.stage.deployment()).client.list({ workflow });
      expect(executions.map(({ executionId }) => executionId).toSorted()).toEqual(ids);
    },
    published: async (eventId = "", times = "") => {
      const { published } = await this.stage.deployment();
      const those = published.filter(({ resources }) => resources.includes(`holdfast:event:${eventId}`));
      expect(those).toHaveLength(Number(times));
    },
    stores: async (...text) => expect(await this.#stored()).toContain(text.join(" ")),
    hides: async (...text) => expect(await this.#stored()).not.toContain(text.join(" ")),
    asks: (operation, times = "") =>
      expect(this.stage.askedOfKms().filter((each) => each === operation)).toHaveLength(Number(times)),
    holds: async (table = "", ...items) => expect(await this.stage.items(table)).toEqual(json(items)),
    after: (method, ...state) => {
      const seen = this.stage.schedules.filter(({ call }) => call === method);
      expect(seen.map(({ schedule }) => schedule)).toMatchObject([json(state)]);
    },
  };

  /** Where the templates of the document's stacks are that such a block makes. */
  async #synthesized(document: string, such: (block: Block) => boolean): Promise<string> {
    layOut(document);
    const block = blocksIn(document).find(such);
    if (block === undefined)
      throw new Error(`${placeOf(this.block)} wants stacks of ${document}, and no such block is there.`);
    const evaluation = this.#evaluating();
    await evaluation.evaluate(block);
    const [stage] = evaluation.stacks.map((stack) => cdk.Stage.of(stack));
    if (stage === undefined) throw new Error(`${placeOf(block)} makes no stack.`);
    return stage.synth().directory;
  }

  /** In the input, `"@name"` stands for what the block exports under that name. */
  async #start(rest: string): Promise<void> {
    const [, workflow = "", input, id] = /^(\S+)(?: (?!as )(.*?))?(?: as (\S+))?$/.exec(rest) ?? [];
    const given: unknown =
      input === undefined
        ? undefined
        : JSON.parse(input, (_, value) =>
            typeof value === "string" && value.startsWith("@") ? this.#exports[value.slice(1)] : value,
          );
    const t = await this.stage.deployment();
    const { executionId } = await t.client.start(workflow, given, id === undefined ? {} : { id });
    this.#last = executionId;
    this.#answer = undefined;
    await t.settle();
  }

  async #gives(wanted: unknown): Promise<void> {
    const answer = this.#answer;
    this.#answer = undefined;
    const t = await this.stage.deployment();
    const found = answer === undefined ? await t.runToEnd(this.#execution()) : answer.value;
    expect(found).toEqual(wanted);
  }

  async #keep(file: string): Promise<void> {
    const t = await this.stage.deployment();
    await t.runToEnd(this.#execution());
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(await t.client.history(this.#execution())));
  }

  async #call(rest: string): Promise<void> {
    const [, name = "", given, error] = /^(\S+)(?: (\[.*\]))?(?: throws (\S+))?$/.exec(rest) ?? [];
    const t = await this.stage.deployment();
    const called = this.#exports[name];
    if (typeof called !== "function") throw new Error("What is to be called is not exported.");
    const calling = async (): Promise<unknown> =>
      called(...(given === undefined ? [t.client] : JSON.parse(given)));
    if (error === undefined) await calling();
    else await expect(calling()).rejects.toMatchObject({ name: error });
    await t.settle();
  }

  /** A rate comes round for the first time at once. */
  async #fired(id: string, { workflow, input }: SchedulePut): Promise<void> {
    const { schedules } = (await this.stage.deployment()).client;
    await schedules.put({ id, workflow, input, expression: "rate(1 day)" });
    this.#last = await eventually(async () => {
      const { last } = await schedules.get(id);
      if (last === undefined) throw new Error(`schedule ${id} has not come round`);
      return last.executionId;
    }, 60_000);
    await schedules.delete(id);
  }

  #counts(possible: Readonly<Record<string, readonly string[]>>): void {
    const [counted] = this.#evaluation.printed as Record<string, Record<string, number>>[];
    const happened = Object.entries(counted ?? {}).flatMap(([service, faults]) =>
      Object.keys(faults).map((fault) => `${service} ${fault}`),
    );
    const all = Object.entries(possible).flatMap(([service, faults]) =>
      faults.map((fault) => `${service} ${fault}`),
    );
    expect(happened).not.toEqual([]);
    expect(all).toEqual(expect.arrayContaining(happened));
  }

  /** As whoever may read the tables reads it. */
  async #stored(): Promise<string> {
    const { store } = this.stage;
    const id = this.#execution();
    return JSON.stringify([await store.readHead(id), await store.loadHistory(id, 0)]);
  }

  #execution(): string {
    if (this.#last === undefined) throw new Error(`${placeOf(this.block)} has started nothing yet.`);
    return this.#last;
  }
}

function json(words: readonly string[]) {
  return words.length === 0 ? undefined : JSON.parse(words.join(" "));
}
