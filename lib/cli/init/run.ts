/** `holdfast init`: writes the template's files, or none of them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { UsageError } from "../exit.js";
import { ownRoot, ownVersion } from "../own-package.js";
import { filledIn, namesFor, type ProjectNames, targetOf } from "./project.js";

export interface InitOptions {
  readonly directory: string;
  /** A tarball of this package, instead of the registry's. */
  readonly from?: string;
}

export interface NewProject extends ProjectNames {
  /** Absolute. */
  readonly directory: string;
  /** Those that were written, relative to the directory. */
  readonly files: readonly string[];
  /** What its package.json says of this package. */
  readonly dependency: string;
}

/** @throws UsageError when something would be written over, and for a tarball that is not there: nothing was written */
export function createProject({ directory: wanted, from }: InitOptions): NewProject {
  const directory = resolve(wanted);
  const names = namesFor(basename(directory));
  const template = join(ownRoot(), "templates", "project");
  const files = filesUnder(template);
  const dependency = from === undefined ? `^${ownVersion()}` : tarball(from, directory);
  const taken = files.map(targetOf).filter((file) => existsSync(join(directory, file)));
  if (taken.length > 0)
    throw new UsageError(
      `${directory} holds ${taken.join(", ")} already, and nothing is written over. Choose an empty directory: holdfast init my-shop`,
    );
  for (const file of files) {
    const target = join(directory, targetOf(file));
    mkdirSync(dirname(target), { recursive: true });
    const text = filledIn(file, readFileSync(join(template, file), "utf8"), names, dependency);
    writeFileSync(target, text, { flag: "wx" });
  }
  return { ...names, directory, files: files.map(targetOf), dependency };
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** As npm takes a file: by its way from the project. */
function tarball(from: string, directory: string): string {
  const file = resolve(from);
  if (!existsSync(file))
    throw new UsageError(`--from names no file: ${file}. Expected a tarball, as npm pack makes it.`);
  return `file:${relative(directory, file).replaceAll("\\", "/")}`;
}
