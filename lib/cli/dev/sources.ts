/** Tells when the files of a project change, so that they are deployed anew. */
import { type FSWatcher, lstatSync, readdirSync, watch } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

/** What an app, or its CDK stacks, are made of. */
const SOURCE = /\.(?:[cm]?[jt]sx?|json|ya?ml|graphql|txt)$/;
/** What is written by tools, or is not the project's own. */
const LEFT_OUT = new Set(["node_modules", "cdk.out", "dist", "build", "coverage"]);
/** An editor, or a checkout, writes several files: they are one change. */
const QUIET_MS = 200;
/**
 * Whether the system itself watches all that lies below a directory. Where it does not, Node watches file by file, and is deaf to a file from
 * the moment that an editor puts a new one in its place: there we watch directories, which tell of whatever lies in them.
 */
const WATCHES_BELOW = process.platform === "darwin" || process.platform === "win32";

export interface Watched {
  stop(): void;
}

/** Whether a path of the project belongs to its sources; what begins with a dot does not. */
export function isSource(path: string): boolean {
  return SOURCE.test(path) && isOfProject(path);
}

function isOfProject(path: string): boolean {
  return !path.split(sep).some((part) => part.startsWith(".") || LEFT_OUT.has(part));
}

/**
 * @param apart a directory of ours inside of the project
 * @param onChange given the files that changed, or directories that are gone, relative to the project, once nothing has changed for a moment
 * @param onError when files can't be watched any more, or not from the beginning; nothing is told after it
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
  const note = (path: string): void => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const files = [...changed].sort();
      changed.clear();
      onChange(files);
    }, QUIET_MS);
  };
  const directories = new Directories(root, (path) => isOfProject(path) && path !== own);
  const stop = (): void => {
    clearTimeout(timer);
    directories.forget("");
  };
  const fail = (error: unknown): void => {
    stop();
    onError(error instanceof Error ? error : new Error(String(error)));
  };
  const look = (path: string): readonly string[] => directories.watch(path, told, fail);
  const told = (event: string, path: string): void => {
    if (path.startsWith(own + sep)) return;
    if (isSource(path)) return note(path);
    if (event !== "rename" || WATCHES_BELOW) return;
    // A directory that is new, is gone, or is another one of the same name.
    if (directories.forget(path)) note(path);
    try {
      for (const file of look(path)) note(file);
    } catch (error) {
      fail(error);
    }
  };
  try {
    look("");
  } catch (error) {
    fail(error);
  }
  return { stop };
}

type Told = (event: string, path: string) => void;

/** The directories that are watched, by their paths from the project; `""` is the project's own. */
class Directories {
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(
    readonly root: string,
    readonly isMeant: (path: string) => boolean,
  ) {}

  /** Watches a directory, if it is one that is meant, and those below it. @returns the sources that lie there already */
  watch(path: string, told: Told, failed: (error: unknown) => void): readonly string[] {
    if (path !== "" && !(this.isMeant(path) && isDirectory(join(this.root, path)))) return [];
    try {
      return this.#begin(path, told, failed);
    } catch (error) {
      // It was there a moment ago: its parent tells that it is gone.
      if (path === "" || !(error instanceof Error && Reflect.get(error, "code") === "ENOENT")) throw error;
      this.forget(path);
      return [];
    }
  }

  #begin(path: string, told: Told, failed: (error: unknown) => void): readonly string[] {
    const whole = join(this.root, path);
    const watcher = watch(whole, { recursive: WATCHES_BELOW }, (event, name) => {
      if (name !== null) told(event, join(path, name));
    });
    watcher.on("error", failed);
    this.#watchers.set(path, watcher);
    const entries = WATCHES_BELOW ? [] : readdirSync(whole, { withFileTypes: true });
    return entries.flatMap((entry) => {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) return this.watch(inside, told, failed);
      return isSource(inside) ? [inside] : [];
    });
  }

  /** @returns whether it was watched */
  forget(path: string): boolean {
    const below = [...this.#watchers].filter(([each]) => isAtOrBelow(each, path));
    for (const [each, watcher] of below) {
      watcher.close();
      this.#watchers.delete(each);
    }
    return below.length > 0;
  }
}

function isAtOrBelow(path: string, directory: string): boolean {
  return directory === "" || path === directory || path.startsWith(directory + sep);
}

/** A link to one is none: what lies there is not the project's own. */
function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
