/** What a soak counted, as people read it. */
import type { ChaosCounts } from "holdfast/local";
import type { Account } from "./account.js";

export interface Asked {
  readonly executions: number;
  readonly minutes: number;
  /** The probability of a fault, per call. */
  readonly rate: number;
  readonly seed: number;
  readonly json: boolean;
}

export interface Report extends Account {
  readonly asked: Asked;
  readonly seconds: number;
  /** Calls of the client that failed in spite of the SDK's own retries, and were made again. */
  readonly repeats: number;
  readonly faults: ChaosCounts;
}

const MOST_SHOWN = 30;

export function textOf(report: Report): string {
  const { asked, executions, byStatus, events, timers, wrong } = report;
  const lines: [string, string][] = [
    [
      "asked for",
      `${asked.executions} executions in ${asked.minutes} min, faults at ${asked.rate}, seed ${asked.seed}`,
    ],
    ["took", `${report.seconds} s`],
    ["executions, with children", `${executions}: ${listed(byStatus)}`],
    ["turns taken over", String(report.turnsTakenOver)],
    ["attempts that failed", String(report.attemptsFailed)],
    ["client's calls repeated", String(report.repeats)],
    ["events", `${events.sent} sent, ${events.heard} heard, of them ${events.copies} again`],
    [
      "sleeps",
      `${timers.fired}, late by ${timers.lateMs.p50} ms at the median, ${timers.lateMs.p99} ms for 1%, ${timers.lateMs.most} ms at most`,
    ],
    ...Object.entries(report.faults).map(([service, some]): [string, string] => [
      `faults: ${service}`,
      listed(some),
    ]),
    ["wrong", wrong.length === 0 ? "nothing" : `${wrong.length}:`],
  ];
  const width = Math.max(...lines.map(([what]) => what.length));
  return [
    ...lines.map(([what, found]) => `${what.padEnd(width)}  ${found}`),
    ...wrong.slice(0, MOST_SHOWN).map((line) => `  ${line}`),
    ...(wrong.length > MOST_SHOWN ? [`  and ${wrong.length - MOST_SHOWN} more`] : []),
  ].join("\n");
}

export function total(counts: ChaosCounts = {}): number {
  return Object.values(counts)
    .flatMap((faults) => Object.values(faults))
    .reduce((sum, count) => sum + count, 0);
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}
