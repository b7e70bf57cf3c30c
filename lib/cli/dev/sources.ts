/** Tells when the files of a project change, so that they are deployed anew. */
import { type FSWatcher, watch } from "node:fs";
import { relative, resolve, sep } from "node:path";

/** What an app, or its CDK stacks, are made of. */
const SOURCE = /\.(?:[cm]?[jt]sx?|json|ya?ml|graphql|txt)$/;
/** What is written by tools, or is not the project's own. */
const LEFT_OUT = new Set(["node_modules", "cdk.out", "dist", "build", "coverage"]);
/** An editor, or a checkout, writes several files: they are one change. */
const QUIET_MS = 200;

export interface Watched {
  stop(): void;
}

/** Whether a path of the project belongs to its sources; what begins with a dot does not. */
export function isSource(path: string): boolean {
  const parts = path.split(sep);
  return SOURCE.test(path) && !parts.some((part) => part.startsWith(".") || LEFT_OUT.has(part));
}

/**
 * @param apart a directory of ours inside of the project
 * @param onChange given the files that changed, relative to the project, once none has for a moment
 * @param onError when files can't be watched any more, or not from the beginning
 */
export function watchSources(
  directory: string,
  apart: string,
  onChange: (files: readonly string[]) => void,
  onError: (error: Error) => void,
): Watched {
  const root = resolve(directory);
  const own = relative(root, resolve(apart));
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  const settle = (): void => {
    const files = [...changed].sort();
    changed.clear();
    onChange(files);
  };
  try {
    watcher = watch(root, { recursive: true }, (_event, path) => {
      if (path === null || !isSource(path) || path === own || path.startsWith(own + sep)) return;
      changed.add(path);
      clearTimeout(timer);
      timer = setTimeout(settle, QUIET_MS);
    });
    watcher.on("error", onError);
  } catch (error) {
    onError(error instanceof Error ? error : new Error(String(error)));
  }
  return {
    stop: () => {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}
