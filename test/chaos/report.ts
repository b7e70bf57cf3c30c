/** What a run of the chaos counted, as people read it. */
import type { ChaosCounts } from "holdfast/local";
import type { Account } from "./account/account.js";
import type { Struck } from "./reaper.js";

export interface Asked {
  readonly executions: number;
  /** How long the storm lasts. */
  readonly seconds: number;
  /** The probability of a fault, per call and delivery. */
  readonly rate: number;
  readonly seed: number;
  readonly json: boolean;
}

export interface Report extends Account {
  readonly asked: Asked;
  readonly seconds: number;
  /** Calls of the client that failed in spite of the SDK's own retries, and were made again. */
  readonly repeats: number;
  readonly struck: Readonly<Record<string, Readonly<Struck>>>;
  readonly faults: ChaosCounts;
}

const MOST_SHOWN = 30;

export function textOf(report: Report): string {
  const { asked, takeovers, bodies, atMostOnce, clocks, events, timers, wrong } = report;
  const { least, p50, p99, most } = timers.lateMs;
  const lines: [string, string][] = [
    [
      "asked for",
      `${asked.executions} executions, a storm of ${asked.seconds} s, faults at ${asked.rate}, seed ${asked.seed}`,
    ],
    ["took", `${report.seconds} s`],
    ...Object.entries(report.struck).map(([name, { killed, killedIdle, frozen }]): [string, string] => [
      `struck: ${name}`,
      `${killed} killed at work, ${killedIdle} idle; ${frozen} stood still`,
    ]),
    [
      "clocks",
      `${clocks.processes} processes with bodies, from ${clocks.slowestMs} to +${clocks.fastestMs} ms off`,
    ],
    ...Object.entries(report.faults).map(([service, some]): [string, string] => [
      `faults: ${service}`,
      listed(some),
    ]),
    ["client's calls repeated", String(report.repeats)],
    ["executions, with children", `${report.executions}: ${listed(report.byStatus)}`],
    ["takeovers", `${takeovers.all}, of them ${takeovers.afterFailure} of turns that had failed`],
    [
      "bodies",
      `${bodies.recorded} recorded; ${bodies.runs} runs, ${bodies.withoutEnd} of them without an end; ${bodies.attemptsFailed} attempts failed`,
    ],
    [
      "at most once",
      `${atMostOnce.steps} steps, ${atMostOnce.failed} failed, ${atMostOnce.interrupted} interrupted, ${atMostOnce.neverRan} never ran`,
    ],
    ["transactions", `${report.transactions.committed} committed, by ${report.transactions.bodies} bodies`],
    ["compensations", String(report.compensations)],
    ["events", `${events.sent} sent, ${events.heard} heard, of them ${events.copies} again`],
    [
      "sleeps",
      `${timers.fired}, late by ${least} ms at least, ${p50} ms at the median, ${p99} ms for 1%, ${most} ms at most`,
    ],
    ["wrong", wrong.length === 0 ? "nothing" : `${wrong.length}:`],
  ];
  const width = Math.max(...lines.map(([what]) => what.length));
  return [
    ...lines.map(([what, found]) => `${what.padEnd(width)}  ${found}`),
    ...wrong.slice(0, MOST_SHOWN).map((line) => `  ${line}`),
    ...(wrong.length > MOST_SHOWN ? [`  and ${wrong.length - MOST_SHOWN} more`] : []),
  ].join("\n");
}

/** Of faults by service and kind, or of what was struck by function. */
export function total(counts: ChaosCounts | Report["struck"]): number {
  return Object.values(counts)
    .flatMap((some): number[] => Object.values(some))
    .reduce((sum, count) => sum + count, 0);
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
