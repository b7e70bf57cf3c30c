/** What typical workflows cost: units, messages and invocations as they are counted here, and dollars at list prices, beside others'. */
import { startDynamoDb } from "../../../lib/local/dynamodb.js";
import type { Part, Section, Table } from "../section.js";
import { type Count, count } from "./count.js";
import { localGround } from "./ground.js";
import { type Priced, type PricedElsewhere, pricedElsewhere, RULES } from "./others.js";
import { ASSUMED, dollarsOf, gbSecondsOf, PRICES, REQUESTS_OF_A_MESSAGE } from "./prices.js";
import { TYPICAL, type Typical, type TypicalKey } from "./workflows.js";

/** Of one run. */
export interface LedgerRow {
  readonly key: TypicalKey;
  readonly what: string;
  /** Of tables and indexes. */
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Calls of DynamoDB. */
  readonly roundTrips: number;
  readonly sqsMessages: number;
  readonly lambdaInvocations: number;
  readonly timers: number;
  readonly events: number;
  readonly dollarsPerMillion: number;
  readonly elsewhere: PricedElsewhere;
}

export function rowOf({ key, what }: Typical, counted: Count): LedgerRow {
  const { messages, invocations, timers, events, callsOfFunctions } = counted;
  const writeUnits = counted.writes + counted.indexWrites + counted.refused;
  const readUnits = counted.reads;
  return {
    key,
    what,
    writeUnits,
    readUnits,
    roundTrips: counted.roundTrips,
    sqsMessages: messages,
    lambdaInvocations: invocations,
    timers,
    events,
    dollarsPerMillion: dollarsOf({
      writeUnits,
      readUnits,
      sqsRequests: messages * REQUESTS_OF_A_MESSAGE,
      invocations,
      gbSeconds: gbSecondsOf(invocations, callsOfFunctions),
      timers,
      events,
    }),
    elsewhere: pricedElsewhere(key),
  };
}

export const ledger: Section<readonly LedgerRow[]> = {
  key: "ledger",
  title: "What typical workflows cost",
  says: "One run of each, started by a client through the queue, its code recorded by a run before; the functions' handlers on DynamoDB Local, on virtual time.",
  async measure({ quick, tell }) {
    const database = await startDynamoDb({ inMemory: true });
    try {
      const rows: LedgerRow[] = [];
      for (const typical of TYPICAL) {
        if (quick && typical.key === "three-thousand-steps") continue;
        tell(typical.what);
        rows.push(rowOf(typical, await count(await localGround(database.endpoint), typical)));
      }
      return rows;
    } finally {
      await database.stop();
    }
  },
  report: (rows) => [counted(rows), beside(rows), ...notes(rows), ASSUMPTIONS, RULES, prices()],
};

function counted(rows: readonly LedgerRow[]): Table {
  return {
    titles: [
      "One run",
      "Write units",
      "Read units",
      "Calls of DynamoDB",
      "SQS messages",
      "Lambda invocations",
      "Timers",
      "Events",
      "Dollars per million",
    ],
    rows: rows.map((row) => [
      row.what,
      row.writeUnits,
      row.readUnits,
      row.roundTrips,
      row.sqsMessages,
      row.lambdaInvocations,
      row.timers,
      row.events,
      dollars(row.dollarsPerMillion),
    ]),
  };
}

function beside(rows: readonly LedgerRow[]): Table {
  return {
    titles: [
      "Dollars per million runs",
      "Holdfast",
      "Lambda durable functions (operations)",
      "Step Functions Standard (transitions)",
      "Temporal Cloud (actions)",
    ],
    rows: rows.map(({ what, dollarsPerMillion, elsewhere }) => {
      const { lambdaDurableFunctions, stepFunctionsStandard, temporalCloud } = elsewhere;
      const cell = (priced: Priced, many: number): string =>
        `${dollars(priced.dollarsPerMillion)} (${many.toLocaleString("en-US")})${priced.note === undefined ? "" : " †"}`;
      return [
        what,
        dollars(dollarsPerMillion),
        cell(lambdaDurableFunctions, lambdaDurableFunctions.operations),
        cell(stepFunctionsStandard, stepFunctionsStandard.transitions),
        cell(temporalCloud, temporalCloud.actions),
      ];
    }),
  };
}

function notes(rows: readonly LedgerRow[]): readonly Part[] {
  const said = rows.flatMap(({ what, elsewhere }) =>
    (
      [
        ["Lambda durable functions", elsewhere.lambdaDurableFunctions],
        ["Step Functions", elsewhere.stepFunctionsStandard],
        ["Temporal Cloud", elsewhere.temporalCloud],
      ] as const
    ).flatMap(([who, { note }]) => (note === undefined ? [] : [`${what}, ${who}: ${note}`])),
  );
  return said.length === 0 ? [] : [`† ${said.join("; ")}.`];
}

const ASSUMPTIONS = `A message is ${REQUESTS_OF_A_MESSAGE} requests of SQS: sent, received, deleted. Lambda's time is assumed, for Holdfast and for durable functions alike: ${ASSUMED.invocationMs} ms for an invocation and ${ASSUMED.callMs} ms for each call that it waits for, at ${ASSUMED.memoryMb} MB. What the steps themselves take is in no figure, nor are Temporal's workers, storage, and logs.`;

function prices(): Table {
  return {
    titles: ["Price", "Dollars", "Page"],
    rows: Object.values(PRICES).map(({ what, dollars: each, per, page, read }) => [
      what,
      `${each} a ${per}`,
      `${page}, ${read}`,
    ]),
  };
}

/** Whole dollars from a thousand on. */
const dollars = (value: number): string =>
  value.toLocaleString(
    "en-US",
    value < 1_000 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumFractionDigits: 0 },
  );
