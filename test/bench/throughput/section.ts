/** Executions and steps per second through the local cloud, where their time goes, and other engines on this machine beside it. */
import type { Section } from "../section.js";
import type { Load } from "./drive.js";
import { measurePeer, PEERS } from "./peers/peers.js";
import { type Figures, report } from "./report.js";

const LOADS: readonly Load[] = [
  { inFlight: 1, executions: 100 },
  { inFlight: 8, executions: 300 },
  { inFlight: 64, executions: 600 },
];

const QUICK: readonly Load[] = [
  { inFlight: 1, executions: 5 },
  { inFlight: 8, executions: 16 },
];

export const throughput: Section<Figures> = {
  key: "throughput",
  title: "Throughput",
  says: "Three steps, one after the other, each with a small value; every result is checked. Round trips and records first: milliseconds of an emulated DynamoDB are not those of AWS.",
  async measure({ quick, peers, tell }) {
    const asked = quick
      ? { loads: QUICK, warmUp: 16, counted: 2 }
      : { loads: LOADS, warmUp: 200, counted: 20 };
    // What it loads is slow to load, and in the way of what else is measured.
    const { measureHoldfast } = await import("./holdfast.js");
    tell("Holdfast, DynamoDB Local in memory");
    const holdfast = await measureHoldfast(asked, false);
    if (!quick) tell("Holdfast, DynamoDB Local on disk");
    const onDisk = quick ? undefined : await measureHoldfast(asked, true);
    const figures: Figures = { holdfast, ...(onDisk === undefined ? {} : { onDisk }) };
    if (!peers) return figures;
    const beside = [];
    for (const peer of PEERS) {
      tell(`${peer.what}: installing and running`);
      beside.push(await measurePeer(peer, asked));
    }
    return { ...figures, peers: beside };
  },
  report,
};
