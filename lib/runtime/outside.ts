/**
 * Everything outside of this process that the runtime calls, and nothing else does: tables, wake queue and scheduler, bus, time and
 * chance. Handlers build it from AWS clients (`aws/`), tests from twins; a fault harness wraps it.
 */
import type { PublishOutcome } from "../decide/relay.js";
import type { MetricName } from "../model/metrics.js";
import type { EpochMs } from "../model/time.js";
import type { Tellable } from "../model/told.js";
import type { Wake } from "../model/wake.js";
import type { LogLevel } from "../replay/logger.js";
import type { Page, Store } from "../store/ports.js";
import type { DeadLetterQueues } from "./dead-letters.js";

/** Carries wakes to the worker. Each call may be repeated: a wake too many costs one read. */
export interface Wakes {
  /** @param delaySeconds 0 to 900, whole seconds */
  send(wake: Wake, delaySeconds: number): Promise<void>;
  /** Sends it at the minute `at`. The schedule's name is a hash of the wake, so that a repeat finds the schedule of that name. */
  schedule(wake: Wake, at: EpochMs): Promise<"created" | "existed">;
}

/** One entry for the bus. */
export interface BusEntry {
  /** The `detail-type`. */
  readonly name: string;
  /** JSON text of an object. */
  readonly detail: string;
  readonly at: EpochMs;
  /** Our stable id, order stamp and target: `holdfast:…`. */
  readonly resources: readonly string[];
}

export interface Bus {
  /** At most ten entries. One outcome per entry, in their order; throws only when nothing is known of any. */
  publish(entries: readonly BusEntry[]): Promise<readonly PublishOutcome[]>;
}

/** A schedule of a client's, as it is kept. */
export interface KeptSchedule {
  readonly id: string;
  readonly expression: string;
  readonly timezone: string;
  readonly startAt?: EpochMs;
  readonly endAt?: EpochMs;
  readonly paused: boolean;
  /** The message that it sends when it comes round. */
  readonly body: string;
}

/** Keeps the schedules of clients. Each call may be repeated. */
export interface ScheduleKeeper {
  /** Creates it, or replaces what is there. */
  put(schedule: KeptSchedule): Promise<void>;
  /** Replaces what is there; false when there is none. */
  update(schedule: KeptSchedule): Promise<boolean>;
  get(id: string): Promise<KeptSchedule | undefined>;
  /** The ids, a page at a time. */
  list(request: { readonly limit: number; readonly cursor?: string }): Promise<Page<string>>;
  /** False when there was none. */
  delete(id: string): Promise<boolean>;
}

export interface Clock {
  now(): EpochMs;
  /** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Takes lines of the engine's own. Those of the user's code go through a `LogSink`, which takes anything. */
export interface Log {
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, Tellable>>): void;
}

/** What became of a wake that was handed over. Nobody has begun anything where it was not `handled`. */
export type HandedOver =
  | { readonly outcome: "handled" }
  /** Nobody is free to handle it. */
  | { readonly outcome: "busy"; readonly why: string }
  /** Nobody can: the code is not there any more. */
  | { readonly outcome: "gone"; readonly why: string };

/** The worker's code as it was deployed, now and before: what pinned executions run on. */
export interface Deployments {
  /** Names the code of this process for ever. Absent where a deploy would replace it under that name. */
  readonly own?: string;
  /**
   * Has another process, with that code, handle a wake, and resolves once it has. The wake's message stays this process's.
   * @param until it must have ended by then, as this process will
   * @throws when it failed, or may be at work: the wake must come back then
   */
  handOver(code: string, wake: Wake, messageId: string, until: EpochMs): Promise<HandedOver>;
}

/** Takes down what a deployment measures. Nothing of it is durable: who dies before it is told takes it along. */
export interface Meter {
  /**
   * Notes a fact, once it is recorded, by the process that recorded it.
   * @param value how many, or how old; nothing is noted of 0
   * @param workflow whose execution it happened to
   */
  note(name: MetricName, value: number, workflow?: string): void;
  /** Tells of all that was noted since the last time. */
  tell(): void;
}

export interface Outside {
  /** The service's name: the source of its events, and part of their order stamps. */
  readonly service: string;
  readonly store: Store;
  readonly wakes: Wakes;
  readonly bus: Bus;
  /** Absent where nothing keeps schedules. */
  readonly schedules?: ScheduleKeeper;
  /** Absent where there is only one code. */
  readonly deployments?: Deployments;
  /** Absent where nothing is set aside, or nobody may look. Only clients do. */
  readonly deadLetters?: DeadLetterQueues;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent where nobody measures: in clients, say. */
  readonly meter?: Meter;
  /** From 0 to 1: spreads delays. Nothing that is recorded depends on it but retry times. */
  random(): number;
  /** A new writer token. */
  token(): string;
}
