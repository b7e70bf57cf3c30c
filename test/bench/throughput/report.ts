/** What the throughput's figures are for people. */
import type { Part, Table } from "../section.js";
import { type Counted, MANY_STEPS } from "./counts.js";
import type { Ran } from "./drive.js";
import type { HoldfastRan } from "./holdfast.js";
import { PEERS, type PeerFigures } from "./peers/peers.js";
import { PHASES, type Phases } from "./phases.js";
import { STEPS } from "./story.js";

export interface Figures {
  readonly holdfast: HoldfastRan;
  /** Absent in a quick run. */
  readonly onDisk?: HoldfastRan;
  /** Absent where they were not asked for. */
  readonly peers?: readonly PeerFigures[];
}

interface Engine {
  readonly what: string;
  readonly ran: readonly Ran[];
  readonly counted: Counted;
}

const IN_MEMORY = "Holdfast, DynamoDB Local in memory";
const ON_DISK = "Holdfast, DynamoDB Local on disk";

export function report(figures: Figures): readonly Part[] {
  const { holdfast, onDisk, peers = [] } = figures;
  const beside = peers.flatMap((peer) => ("missing" in peer ? [] : [{ what: nameOf(peer.key), ...peer }]));
  const runs: Engine[] = [
    { what: IN_MEMORY, ...holdfast },
    ...(onDisk === undefined ? [] : [{ what: ON_DISK, ...onDisk }]),
    ...beside,
  ];
  return [
    counts([{ what: "Holdfast, DynamoDB", ran: [], counted: holdfast.counted }, ...beside]),
    HOW(beside.map(({ key }) => key)),
    speeds(runs),
    times([[IN_MEMORY, holdfast], ...(onDisk === undefined ? [] : ([[ON_DISK, onDisk]] as const))]),
    ...missing(peers),
  ];
}

function counts(engines: readonly Engine[]): Table {
  return {
    titles: [
      `Of ${STEPS} steps, one after the other`,
      "Round trips to the store",
      "Of one step",
      "Records written",
      "Of one step",
      "Waits for the disk",
      "Of one step",
    ],
    rows: engines.map(({ what, counted: { perExecution, perStep } }) => [
      what,
      tenth(perExecution.roundTrips),
      tenth(perStep.roundTrips),
      tenth(perExecution.writes),
      tenth(perStep.writes),
      perExecution.syncs === undefined ? "AWS's" : tenth(perExecution.syncs),
      perStep.syncs === undefined ? "AWS's" : tenth(perStep.syncs),
    ]),
  };
}

const HOW = (keys: readonly string[]): string =>
  [
    `A whole execution, from its start to its recorded result, one at a time; of one step: the difference to ${MANY_STEPS} steps. What an engine does when nothing runs is taken off.`,
    "Holdfast: calls of DynamoDB by the client's start and by the worker, and items put or updated, each in a call; beside them a message of SQS. A wake that is put back is a read and a message more. The client's looks for the result are not counted, for any engine whose client looks.",
    ...PEERS.filter(({ key }) => keys.includes(key)).map(({ counted }) => `${counted}.`),
  ].join(" ");

function speeds(engines: readonly Engine[]): Table {
  return {
    titles: [
      "On this machine",
      "In flight",
      "Executions",
      "Executions per second",
      "Steps per second",
      "Median, ms",
      "95%, ms",
    ],
    rows: engines.flatMap(({ what, ran }) =>
      ran.map((one, index) => [
        index === 0 ? what : "",
        one.inFlight,
        one.executions,
        tenth(one.executionsPerSecond),
        tenth(one.stepsPerSecond),
        Math.round(one.medianMs),
        Math.round(one.p95Ms),
      ]),
    ),
  };
}

const SAID: Readonly<Record<keyof Phases, string>> = {
  start: "Client's start",
  queue: "Queue, free process",
  tables: "Turn: DynamoDB",
  rest: "Turn: the rest",
  result: "Client's looks for the result",
};

function times(ran: readonly (readonly [what: string, ran: HoldfastRan])[]): Table {
  return {
    titles: [
      "Where the time goes, ms (medians)",
      "In flight",
      ...PHASES.map((phase) => SAID[phase]),
      "Put back",
    ],
    rows: ran.flatMap(([what, { ran: runs }]) =>
      runs.map(({ inFlight, phases, putBack }, index) => [
        index === 0 ? what : "",
        inFlight,
        ...PHASES.map((phase) => tenth(phases[phase])),
        `${Math.round(putBack * 100)}%`,
      ]),
    ),
  };
}

const missing = (peers: readonly PeerFigures[]): readonly Part[] =>
  peers.flatMap((peer) => ("missing" in peer ? [`${nameOf(peer.key)} is missing: ${peer.missing}`] : []));

const nameOf = (of: string): string => PEERS.find(({ key }) => key === of)?.what ?? of;

const tenth = (value: number): number => Math.round(value * 10) / 10;
