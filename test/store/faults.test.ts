/**
 * What DynamoDB does on a bad day, and DynamoDB Local never: it throttles, runs into other transactions, does what it was asked and loses
 * its reply, or does it when its sender has long gone on, gives half of a batch back, cuts pages short, and shows an index that lags
 * behind. For each operation of the store, each use of it in `faults/cases.ts`, and each of its requests: with a fault there, and the
 * operation repeated as its callers repeat it, answer and tables are the same as without.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { persistently } from "../../lib/runtime/persistently.js";
import type { Case } from "./faults/case.js";
import { CASES } from "./faults/cases.js";
import { type Dump, type FaultyDatabase, faultyDatabase, type Item, SDK_TRIES } from "./faults/database.js";
import type { Manner, Strike } from "./faults/wire.js";

/** One is cured by the SDK; the next go through its retries to `persistently`, and then through that: another wake has to come. */
const FOR_THE_SDK = 1;
const FOR_PERSISTENTLY = SDK_TRIES;
const FOR_ANOTHER_WAKE = 3 * SDK_TRIES + 1;

type Strikes = readonly (readonly [Strike, number])[];

const AT_ANY_REQUEST: Strikes = [
  ["throttled by the table", FOR_THE_SDK],
  ["throttled by the table", FOR_ANOTHER_WAKE],
  ["throttled by the account", FOR_PERSISTENTLY],
  ["reply lost", FOR_PERSISTENTLY],
];

const AT_A_WRITE: Strikes = [
  ...AT_ANY_REQUEST,
  ["reply lost", FOR_THE_SDK],
  ["never arrived", FOR_PERSISTENTLY],
  ["arrives late", FOR_PERSISTENTLY],
];

/** The SDK repeats none of these: the first goes to `persistently`, the fourth through it. */
const IN_CONFLICT: Readonly<Record<string, Strikes>> = {
  PutItem: [["in conflict with a transaction", 1]],
  UpdateItem: [["in conflict with a transaction", 4]],
  DeleteItem: [["in conflict with a transaction", 1]],
  TransactWriteItems: [
    ["cancelled for our own item", 1],
    ["cancelled for our own item", 4],
    ["cancelled for an item of the user's", 1],
    ["reply lost", FOR_ANOTHER_WAKE],
  ],
};

const isRead = (request: string): boolean => /^(GetItem|Query|BatchGetItem)/.test(request);

/** Of many requests that are alike, the first two and the last. */
function places(requests: readonly string[]): number[] {
  const all = requests.map((_, index) => index + 1);
  return all.length <= 4 ? all : [1, 2, all.length];
}

interface Trial {
  readonly name: string;
  readonly goesWrong: (database: FaultyDatabase) => void;
}

/** What can go wrong with an operation that makes these requests. */
function trialsOf(requests: readonly string[]): Trial[] {
  const strikes = places(requests).flatMap((place) => {
    const request = requests[place - 1] ?? "";
    const anyway = isRead(request) ? AT_ANY_REQUEST : AT_A_WRITE;
    return [...anyway, ...(IN_CONFLICT[request] ?? [])].map(([kind, times]) => ({
      name: `request ${place}, ${request}: ${kind}, ${times} times`,
      goesWrong: ({ wire }: FaultyDatabase) => wire.strike(kind, place, times),
    }));
  });
  const asks = (word: string): boolean => requests.some((request) => request.startsWith(word));
  const manners: Manner[] = [
    ...(asks("Query") ? (["short pages", "empty pages"] as const) : []),
    ...(asks("Batch") ? (["half batches"] as const) : []),
  ];
  const answers = manners.map((manner) => ({
    name: manner,
    goesWrong: ({ wire }: FaultyDatabase) => wire.answer(manner),
  }));
  return [...strikes, ...answers];
}

/** As the callers of the store do: `persistently`, and when that gives up, again at the next wake. */
async function untilAnswered({ run, asksAgain }: Case, { store }: FaultyDatabase): Promise<unknown> {
  for (let wake = 1; ; wake += 1) {
    try {
      const answer = await persistently(() => run(store));
      if (asksAgain?.(answer) !== true) return answer;
    } catch (error) {
      if (wake === 10) throw error;
    }
  }
}

interface Ended {
  readonly answer: unknown;
  readonly tables: Dump;
}

type GoesWrong = Trial["goesWrong"];

async function prepare(theCase: Case, { calm, empty }: FaultyDatabase): Promise<void> {
  await empty();
  await theCase.prepare?.(calm);
  await theCase.last?.(calm);
}

async function askWith(theCase: Case, database: FaultyDatabase, goesWrong: GoesWrong): Promise<unknown> {
  database.wire.listen();
  goesWrong(database);
  const answer = await untilAnswered(theCase, database);
  await database.wire.arrive();
  return theCase.means?.(answer) ?? answer;
}

/** A token that every write draws anew; a commit's is its writer's. */
const isDrawn = (name: string, { sk }: Item): boolean =>
  name === "token" && !String(sk).startsWith("commit#");

/** The tables, but for what the case says that a repeat may leave otherwise. */
async function tablesAfter({ besides = [] }: Case, database: FaultyDatabase): Promise<Dump> {
  const counts = ([name]: [string, unknown], item: Item): boolean =>
    !isDrawn(name, item) && (item.sk !== "head" || !besides.includes(name));
  const tables = Object.entries(await database.dump()).map(([name, items]): [string, Item[]] => [
    name,
    items.map((item) =>
      Object.fromEntries(Object.entries(item).filter((attribute) => counts(attribute, item))),
    ),
  ]);
  return Object.fromEntries(tables);
}

async function runWith(theCase: Case, database: FaultyDatabase, goesWrong: GoesWrong): Promise<Ended> {
  await prepare(theCase, database);
  const answer = await askWith(theCase, database, goesWrong);
  return { answer, tables: await tablesAfter(theCase, database) };
}

/** First with indexes that have not seen the last writes, then with indexes that have. */
async function runLagging(theCase: Case, database: FaultyDatabase): Promise<unknown> {
  const { calm, wire, store } = database;
  await database.empty();
  await theCase.prepare?.(calm);
  const copy = await database.copy();
  await theCase.last?.(calm);
  wire.listen();
  wire.lag(copy);
  const before = await theCase.run(store);
  expect(wire.struck).toBeGreaterThan(0);
  await theCase.duringLag?.(before, calm);
  wire.listen();
  return theCase.run(store);
}

describe("the DynamoDB store, when something goes wrong on the wire", () => {
  let database: FaultyDatabase;
  beforeAll(async () => {
    database = await faultyDatabase();
  });

  test("is tried with every operation that it has", async () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.keys(database.store).sort());
  });

  const uses = Object.entries(CASES).flatMap(([operation, cases]) =>
    cases.map((theCase) => ({ operation, what: theCase.what, theCase })),
  );

  test.each(uses)("$operation, $what: comes to the same", { timeout: 120_000 }, async ({ theCase }) => {
    const undisturbed = await runWith(theCase, database, () => {});
    const requests = [...database.wire.requests];
    // What only reads finds the same tables at every trial.
    const onlyReads = requests.every(isRead);
    for (const { name, goesWrong } of trialsOf(requests)) {
      const ended = onlyReads
        ? { answer: await askWith(theCase, database, goesWrong), tables: undisturbed.tables }
        : await runWith(theCase, database, goesWrong);
      expect(database.wire.struck, name).toBeGreaterThan(0);
      expect(ended, name).toEqual(undisturbed);
    }
    expect(onlyReads ? await tablesAfter(theCase, database) : {}).toEqual(
      onlyReads ? undisturbed.tables : {},
    );
    if (requests.some((request) => request.startsWith("Query "))) {
      expect(theCase.duringLag, "a case for what a lagging index may show").toBeDefined();
      expect(await runLagging(theCase, database)).toEqual(undisturbed.answer);
    }
  });
});
