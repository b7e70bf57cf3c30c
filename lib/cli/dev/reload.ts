/** `holdfast dev` while it runs: each change of the project's files is synthesized and deployed, one after the other, under the executions. */
import { watchSources } from "./sources.js";

export interface Reloading {
  /** Synthesizes the project as it is now, into a directory that nothing runs from. */
  synthesize(): Promise<string>;
  deploy(templates: string): Promise<void>;
  /** Told before each. */
  onChange(files: readonly string[]): void;
  onDeployed(ms: number): void;
  /** What ran before goes on. */
  onFailure(error: unknown): void;
}

export interface Reloader {
  /** Deploys what has changed since the watch began, and what will change. */
  start(reloading: Reloading): void;
  /** No deploy begins after it; resolves once the one under way has ended. */
  stop(): Promise<void>;
}

/** Watches from here on, though nothing can be deployed yet: the first synthesis takes long enough for a change behind its back. */
export function reloadOnChange(
  directory: string,
  apart: string,
  onUnwatchable: (error: Error) => void,
): Reloader {
  let reloading: Reloading | undefined;
  let running: Promise<void> | undefined;
  let waiting: Set<string> | undefined;
  let stopped = false;
  const deployAll = async (reloading: Reloading): Promise<void> => {
    while (waiting !== undefined && !stopped) {
      const files = [...waiting].sort();
      waiting = undefined;
      const began = Date.now();
      reloading.onChange(files);
      try {
        const templates = await reloading.synthesize();
        if (stopped) break;
        await reloading.deploy(templates);
        reloading.onDeployed(Date.now() - began);
      } catch (error) {
        reloading.onFailure(error);
      }
    }
    running = undefined;
  };
  const deployWaiting = (): void => {
    if (reloading !== undefined && waiting !== undefined) running ??= deployAll(reloading);
  };
  const watched = watchSources(
    directory,
    apart,
    (files) => {
      waiting = new Set([...(waiting ?? []), ...files]);
      deployWaiting();
    },
    onUnwatchable,
  );
  return {
    start: (given) => {
      reloading = given;
      deployWaiting();
    },
    stop: async () => {
      stopped = true;
      watched.stop();
      await running;
    },
  };
}
