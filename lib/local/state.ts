/**
 * What outlives the process, besides DynamoDB's own files: one JSON file, replaced whole. A crash between
 * two writes loses at most the last moments, as if the calls in them had come later.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SavedClock } from "./clock.js";
import type { PendingInvocation } from "./lambda/async-invocations.js";
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
  /** By event source mapping. */
  readonly checkpoints: Readonly<Record<string, Checkpoint>>;
}

/** The state directory is unusable, or is used by another local cloud. */
export class StateError extends Error {
  override readonly name = "StateError";
}

const SAVE_AFTER_MS = 100;

export class StateFile {
  private timer: NodeJS.Timeout | undefined;
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
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      try {
        this.save(state());
      } catch (error) {
        onFailure(error);
      }
    }, SAVE_AFTER_MS);
  }

  save(state: CloudState): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const path = join(this.directory, FILE);
    writeFileSync(`${path}.new`, JSON.stringify(state));
    renameSync(`${path}.new`, path);
  }

  close(): void {
    clearTimeout(this.timer);
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
