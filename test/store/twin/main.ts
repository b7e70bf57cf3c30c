/**
 * `npm run twin -- [--seeds N | --minutes M] [--from F] [--seed S] [--json]`: random operations on the memory store, the DynamoDB store on a
 * DynamoDB Local of its own, and the DynamoDB store on tables in memory, as many as one likes. Prints how far it has come, and each difference
 * with the operation that shows it. Ends with 1 when there was any.
 */
import { startDynamoDb } from "../../../lib/local/dynamodb.js";
import { NO_UNITS, plus } from "../../../lib/store/dynamodb/in-memory/units.js";
import { freshDynamoAt } from "../../setup/database.js";
import { optionsOf } from "../../setup/options.js";
import { OPERATIONS_OF_A_TRIAL, trial } from "./trial.js";

const values = optionsOf({
  /** One trial. */
  seed: { type: "string" },
  from: { type: "string", default: "1" },
  seeds: { type: "string", default: "100" },
  /** Instead of a number of seeds. */
  minutes: { type: "string" },
  json: { type: "boolean", default: false },
});

const numberOf = (name: string, given: string, isGood: (number: number) => boolean): number => {
  const number = Number(given);
  if (isGood(number)) return number;
  console.error(`Expected --${name} to be a number, and a whole one of seeds, found ${given}.`);
  process.exit(2);
};
const isCount = (number: number): boolean => Number.isInteger(number) && number >= 0;

const first = numberOf("from", values.seed ?? values.from, isCount);
const seeds = values.seed === undefined ? numberOf("seeds", values.seeds, isCount) : 1;
const minutes =
  values.minutes === undefined ? undefined : numberOf("minutes", values.minutes, (given) => given > 0);

/** So many differences say enough. */
const MOST_DIFFERENCES = 5;
const REPORT_EVERY_MS = 10_000;

// The SDK's notice about this Node.js is for those who deploy on it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const began = Date.now();
const until = minutes === undefined ? undefined : began + minutes * 60_000;
const differences: string[] = [];
const asked = new Map<string, number>();
let spent = NO_UNITS;
let done = 0;
let reported = began;

const progress = (): string => {
  const seconds = (Date.now() - began) / 1_000;
  return `${done} seeds in ${seconds.toFixed(0)} s, ${done * OPERATIONS_OF_A_TRIAL} operations; ${differences.length} differ`;
};

const database = await startDynamoDb({ inMemory: true, lasting: true });
try {
  const isWanted = (): boolean =>
    until === undefined || values.seed !== undefined ? done < seeds : Date.now() < until;
  while (isWanted() && differences.length < MOST_DIFFERENCES) {
    const seed = first + done;
    const dynamo = freshDynamoAt(database.endpoint);
    const tried = await trial(seed, dynamo);
    dynamo.client.destroy();
    done += 1;
    spent = plus(spent, tried.spent);
    for (const [operation, times] of tried.asked) asked.set(operation, (asked.get(operation) ?? 0) + times);
    if (tried.difference !== undefined) {
      differences.push(tried.difference);
      if (!values.json) console.error(`${tried.difference}\nTo see it again: npm run twin -- --seed ${seed}`);
    }
    if (values.json || Date.now() - reported < REPORT_EVERY_MS) continue;
    reported = Date.now();
    console.log(progress());
  }
  if (values.json) {
    const seconds = (Date.now() - began) / 1_000;
    console.log(
      JSON.stringify({ seeds: done, seconds, spent, asked: Object.fromEntries(asked), differences }),
    );
  } else {
    console.log(progress());
    const { writes, indexWrites, reads, refused, roundTrips } = spent;
    console.log(
      `Units: ${writes} write, ${indexWrites} of indexes, ${refused} refused, ${reads} read, in ${roundTrips} calls.`,
    );
  }
} finally {
  await database.stop();
}
process.exitCode = differences.length > 0 ? 1 : 0;
