/** Imports a handler and calls it once, in a process that has done nothing before. Prints one line of JSON. */
import { given } from "../given.js";
import { watchCalls } from "../throughput/calls.js";

export interface Given {
  /** A URL. */
  readonly handler: string;
  readonly event: unknown;
}

export interface FirstCall {
  readonly importMs: number;
  readonly callMs: number;
  /** Processor time of both. */
  readonly cpuMs: number;
  /** What it called of AWS, in that order. */
  readonly calls: readonly string[];
  readonly answer: unknown;
}

const context = { awsRequestId: "first", getRemainingTimeInMillis: () => 60_000 };

async function main({ handler, event }: Given): Promise<FirstCall> {
  const calls: string[] = [];
  watchCalls(({ target }) => calls.push(target));
  const cpu = process.cpuUsage();
  const began = performance.now();
  const module = await import(handler);
  const imported = performance.now();
  const answer: unknown = await module.handler(event, context);
  const called = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  return {
    importMs: imported - began,
    callMs: called - imported,
    cpuMs: (user + system) / 1_000,
    calls,
    answer,
  };
}

// Connections are kept, and would keep the process.
process.stdout.write(`${JSON.stringify(await main(given<Given>()))}\n`, () => process.exit());
