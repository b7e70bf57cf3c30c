/**
 * What outlives the process, besides DynamoDB's own files: one JSON file, replaced whole. Calls are answered when what they changed is
 * in it, so that a crash loses nothing that anybody was told of. What goes on inside the cloud meanwhile (a receipt, a checkpoint) may
 * be lost, and is done again.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SavedClock } from "./clock.js";
import type { PendingInvocation } from "./lambda/async-invocations.js";
import type { PublishedVersion } from "./lambda/versions.js";
import type { Checkpoint } from "./mappings/stream-reader.js";
import type { SavedSchedule } from "./scheduler/schedules.js";
import type { SavedQueues } from "./sqs/queues.js";

export interface CloudState {
  readonly version: 1;
  readonly clock: SavedClock;
  /** Taken again if it is free, for queue addresses may be stored in the tables. */
  readonly port: number;
  readonly queues: SavedQueues;
  readonly schedules: readonly SavedSchedule[];
  readonly invocations: readonly PendingInvocation[];
  /** Of functions; absent in what was saved before they were kept. */
  readonly versions?: readonly PublishedVersion[];
  /** By event source mapping. */
  readonly checkpoints: Readonly<Record<string, Checkpoint>>;
}

/** The state directory is unusable, or is used by another local cloud. */
export class StateError extends Error {
  override readonly name = "StateError";
}

/** A save takes a fifth of the time at most, and nobody waits for one longer than is pleasant. */
const PAUSE_PER_SAVE = 4;
const PAUSE_MS_MIN = 1;
const PAUSE_MS_MAX = 100;

export class StateFile {
  private coming:
    | { readonly timer: NodeJS.Timeout; readonly done: Promise<void>; finish(): void }
    | undefined;
  private lastSaveMs = 0;
  private constructor(private readonly directory: string) {}

  /** Takes the directory for this process: two clouds over one state would undo each other's writes. */
  static open(directory: string): StateFile {
    mkdirSync(directory, { recursive: true });
    const lock = join(directory, LOCK);
    const owner = readOwner(lock);
    if (owner !== undefined && owner !== process.pid && isRunning(owner))
      throw new StateError(
        `The state in ${directory} belongs to a local cloud that is running (process ${owner}). Stop that one, or choose another state directory; if that process is something else, delete ${lock}.`,
      );
    writeFileSync(lock, String(process.pid));
    return new StateFile(directory);
  }

  load(): CloudState | undefined {
    const path = join(this.directory, FILE);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
    return readState(text, path);
  }

  /** Saves soon: calls that come together cost one write. A full disk must not end the cloud, but must be told. */
  saveSoon(state: () => CloudState, onFailure: (error: unknown) => void): void {
    if (this.coming !== undefined) return;
    const pauseMs = Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, this.lastSaveMs * PAUSE_PER_SAVE));
    const timer = setTimeout(() => {
      try {
        this.save(state());
      } catch (error) {
        onFailure(error);
      }
    }, pauseMs);
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.coming = { timer, done, finish };
  }

  /** Resolves when what was to be saved until now is saved, or could not be. */
  async saved(): Promise<void> {
    await this.coming?.done;
  }

  save(state: CloudState): void {
    const { coming } = this;
    this.coming = undefined;
    clearTimeout(coming?.timer);
    const began = performance.now();
    const path = join(this.directory, FILE);
    try {
      writeFileSync(`${path}.new`, JSON.stringify(state));
      renameSync(`${path}.new`, path);
    } finally {
      this.lastSaveMs = performance.now() - began;
      coming?.finish();
    }
  }

  close(): void {
    clearTimeout(this.coming?.timer);
    this.coming?.finish();
    rmSync(join(this.directory, LOCK), { force: true });
  }
}

const FILE = "cloud.json";
const LOCK = "cloud.lock";

/** We alone write this file, so its version is the only thing to check. */
const readState = (text: string, path: string): CloudState => {
  try {
    const state: CloudState = JSON.parse(text);
    if (state.version === 1) return state;
    throw new Error(`expected version 1, found ${JSON.stringify(state.version)}`);
  } catch (error) {
    throw new StateError(
      `The saved state ${path} can't be read: ${String(error)}. Delete its directory to start afresh.`,
      {
        cause: error,
      },
    );
  }
};

const readOwner = (lock: string): number | undefined => {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
