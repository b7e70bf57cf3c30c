/** What holds of every start, seen from the trace of its calls. */

import { isClosed } from "../../../lib/model/status.js";
import type { Wake } from "../../../lib/model/wake.js";
import type { NewExecution } from "../../../lib/store/ports.js";
import { calls, idIn, reply, type Sentence, type SimulatedEnd, undisturbed } from "./sentence.js";
import type { MadeCall } from "./trace.js";

/** A wake that finds no execution is put back for a minute, and then dropped. */
const WAITS_MS = 60_000;

export const START_SENTENCES: Readonly<Record<string, Sentence>> = {
  "whoever creates an execution has sent a wake that finds it": (end) =>
    startsOf(end).flatMap(({ call, wakes }) => {
      if (reply(call).created !== true) return [];
      const finds = wakes.some((wake) => arrivalOf(wake) >= call.at - WAITS_MS);
      return finds ? [] : [`${idIn(call)}, process ${call.process}`];
    }),

  "whoever runs the first turn himself has sent a wake for the end of his lease": (end) =>
    startsOf(end).flatMap(({ call, wakes }) => {
      const { lease } = call.args[0] as NewExecution;
      if (reply(call).created !== true || lease === undefined) return [];
      return wakes.some((wake) => dueAtOf(wake) === lease.until)
        ? []
        : [`${idIn(call)} until ${lease.until}`];
    }),

  "whoever starts what is there already wakes it no later than it may begin": (end) =>
    startsOf(end).flatMap(({ call, wakes }) => {
      const { status, startAt } = Object(reply(call).head);
      if (reply(call).created !== false || isClosed(status)) return [];
      // A client has the true time, whatever the clock of its process says.
      const mayBegin = Math.max(call.at, call.clock, startAt);
      return wakes.some((wake) => (dueAtOf(wake) ?? mayBegin) <= mayBegin)
        ? []
        : [`${idIn(call)}, process ${call.process}`];
    }),
};

interface Start {
  readonly call: MadeCall;
  /** That its process sent for it. */
  readonly wakes: readonly MadeCall[];
}

/** Creations that somebody asked for from outside, and lived to hear of. */
function startsOf(end: SimulatedEnd): Start[] {
  const isUndisturbed = undisturbed(end);
  const wakes = calls(end).filter(({ name }) => name === "wakes.send" || name === "wakes.schedule");
  return calls(end)
    .filter((call) => call.name === "store.createExecution" && call.told && isUndisturbed(call.process))
    .filter(({ args: [execution] }) => {
      const { parent, origin, closed } = execution as NewExecution;
      return parent === undefined && origin === undefined && closed === undefined;
    })
    .map((call) => ({
      call,
      wakes: wakes.filter((wake) => wake.process === call.process && idIn(wake) === idIn(call)),
    }));
}

const dueAtOf = ({ args: [wake] }: MadeCall): number | undefined => (wake as Wake).dueAt;

/** When it is looked at: as the queue or the scheduler has it come, and not before its own time. */
function arrivalOf(wake: MadeCall): number {
  const [, when] = wake.args;
  const comesAt = wake.name === "wakes.schedule" ? Number(when) : wake.at + Number(when) * 1_000;
  return Math.max(comesAt, dueAtOf(wake) ?? 0);
}
