/** List prices, without free tiers and discounts: AWS's in us-east-1, each with the page that has it and the month in which it was read. */

export interface Price {
  readonly what: string;
  readonly dollars: number;
  /** What that buys. */
  readonly per: string;
  readonly page: string;
  readonly read: string;
}

const NOVEMBER = "November 2026";
/** Not read on the page itself. */
const QUOTED = "as quoted elsewhere, November 2026";
const DYNAMODB = { page: "https://aws.amazon.com/dynamodb/pricing/on-demand/", read: NOVEMBER };
const LAMBDA = { page: "https://aws.amazon.com/lambda/pricing/", read: NOVEMBER };
const EVENTBRIDGE = { page: "https://aws.amazon.com/eventbridge/pricing/", read: NOVEMBER };
const CLOUDWATCH = { page: "https://aws.amazon.com/cloudwatch/pricing/", read: QUOTED };
const DURABLE = { page: LAMBDA.page, read: "September 2026" };
const TEMPORAL = { page: "https://docs.temporal.io/cloud/pricing", read: NOVEMBER };
const MILLION = "million";

export const PRICES = {
  writeUnits: { what: "DynamoDB on-demand, write units", dollars: 0.625, per: MILLION, ...DYNAMODB },
  readUnits: { what: "DynamoDB on-demand, read units", dollars: 0.125, per: MILLION, ...DYNAMODB },
  tableStorage: { what: "DynamoDB, storage", dollars: 0.25, per: "GB-month", ...DYNAMODB },
  recovery: { what: "DynamoDB, point-in-time recovery", dollars: 0.2, per: "GB-month", ...DYNAMODB },
  sqsRequests: {
    what: "SQS requests, standard queue",
    dollars: 0.4,
    per: MILLION,
    page: "https://aws.amazon.com/sqs/pricing/",
    read: NOVEMBER,
  },
  invocations: { what: "Lambda requests", dollars: 0.2, per: MILLION, ...LAMBDA },
  gbSeconds: { what: "Lambda on ARM, GB-seconds", dollars: 13.3334, per: MILLION, ...LAMBDA },
  events: { what: "EventBridge, custom events", dollars: 1, per: MILLION, ...EVENTBRIDGE },
  timers: { what: "EventBridge Scheduler, invocations", dollars: 1, per: MILLION, ...EVENTBRIDGE },
  alarms: { what: "CloudWatch, alarms", dollars: 0.1, per: "month", ...CLOUDWATCH },
  dashboards: { what: "CloudWatch, dashboards", dollars: 3, per: "month", ...CLOUDWATCH },
  logs: { what: "CloudWatch, logs that are written", dollars: 0.5, per: "GB", ...CLOUDWATCH },
  keys: {
    what: "KMS, keys of your own",
    dollars: 1,
    per: "month",
    page: "https://aws.amazon.com/kms/pricing/",
    read: QUOTED,
  },
  operations: { what: "Lambda durable functions, operations", dollars: 8, per: MILLION, ...DURABLE },
  dataWritten: {
    what: "Lambda durable functions, data written",
    dollars: 0.25,
    per: "GB",
    ...DURABLE,
    read: QUOTED,
  },
  dataKept: {
    what: "Lambda durable functions, data kept",
    dollars: 0.15,
    per: "GB-month",
    ...DURABLE,
    read: QUOTED,
  },
  transitions: {
    what: "Step Functions Standard, state transitions",
    dollars: 25,
    per: MILLION,
    page: "https://aws.amazon.com/step-functions/pricing/",
    read: NOVEMBER,
  },
  actions: {
    what: "Temporal Cloud, actions, the first five million of a month",
    dollars: 50,
    per: MILLION,
    ...TEMPORAL,
  },
} as const satisfies Record<string, Price>;

/** What is counted of a run, and is billed by the million. */
const COUNTED = [
  "writeUnits",
  "readUnits",
  "sqsRequests",
  "invocations",
  "gbSeconds",
  "events",
  "timers",
  "operations",
  "transitions",
  "actions",
] as const satisfies readonly (keyof typeof PRICES)[];

/** So much of a run is so many dollars for a million runs. */
export const dollarsOf = (counts: Partial<Record<(typeof COUNTED)[number], number>>): number =>
  COUNTED.reduce((sum, what) => sum + (counts[what] ?? 0) * PRICES[what].dollars, 0);

/** A message is sent, received and deleted. */
export const REQUESTS_OF_A_MESSAGE = 3;

/**
 * What is assumed of Lambda, for Holdfast and for durable functions alike: what an invocation takes beside its calls, what each call to
 * record something takes, and the functions' memory. The time of the steps themselves comes on top, everywhere.
 */
export const ASSUMED = { invocationMs: 20, callMs: 5, memoryMb: 512 } as const;

export const gbSecondsOf = (invocations: number, calls: number): number =>
  (((invocations * ASSUMED.invocationMs + calls * ASSUMED.callMs) / 1_000) * ASSUMED.memoryMb) / 1_024;
