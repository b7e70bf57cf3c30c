/** What happened in one simulated run, in its order: what the invariants are about, and what a failing seed prints. */
import type { EpochMs } from "../../../lib/model/time.js";

interface Line {
  readonly at: EpochMs;
  /** The process, by the order in which they began. */
  readonly process: number;
}

/** A call that took effect, or was refused for what it asked. */
export interface MadeCall extends Line {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly unknown[];
  readonly reply: unknown;
  /** What its process's own clock said. */
  readonly clock: EpochMs;
  /** Its process lived to hear the reply. */
  told: boolean;
}

/** Something that went wrong with a call, a message or a process. */
export interface StruckFault extends Line {
  readonly kind: "fault";
  readonly what: string;
}

/** A body began. */
export interface BegunBody extends Line {
  readonly kind: "body";
  /** Its idempotency key: of which execution and operation it is. */
  readonly key: string;
  readonly atMostOnce: boolean;
}

export type TraceEntry = MadeCall | StruckFault | BegunBody;

export class Trace {
  readonly entries: TraceEntry[] = [];
  /** Processes that did not live to their end. */
  readonly died = new Set<number>();

  calls(name: string): MadeCall[] {
    return this.entries.filter((entry): entry is MadeCall => entry.kind === "call" && entry.name === name);
  }

  get faults(): StruckFault[] {
    return this.entries.filter((entry) => entry.kind === "fault");
  }

  get bodies(): BegunBody[] {
    return this.entries.filter((entry) => entry.kind === "body");
  }

  /** A line for each entry, reads left out. */
  print(from: EpochMs): string[] {
    return this.entries
      .filter((entry) => entry.kind !== "call" || !/\.(read|find|list|load|get)/.test(entry.name))
      .map((entry) => {
        const who = entry.process === 0 ? "   " : `p${entry.process}`;
        return `  ${String(entry.at - from).padStart(8)} ${who.padEnd(4)} ${wordsOf(entry)}`;
      });
  }
}

function wordsOf(entry: TraceEntry): string {
  switch (entry.kind) {
    case "fault":
      return `** ${entry.what}`;
    case "body":
      return `body ${entry.key}`;
    case "call":
      return `${entry.name} ${shortened(JSON.stringify(entry.args), 160)} → ${shortened(JSON.stringify(entry.reply), 60)}`;
  }
}

function shortened(text: string | undefined, most: number): string {
  if (text === undefined) return "";
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
