/** The histories in a file: one, as `holdfast history --json` prints it, or those of an export, `.jsonl` or `.jsonl.gz`. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { InvalidInputError } from "../../model/errors.js";

export interface FoundHistory {
  readonly place: string;
  /** Throws for what is no history, or not all of one. */
  readonly read: () => unknown;
}

export function historiesIn(file: string): FoundHistory[] {
  if (!/\.jsonl(\.gz)?$/.test(file))
    return [{ place: file, read: () => JSON.parse(readFileSync(file, "utf8")) }];
  try {
    return exportsIn(file);
  } catch (error) {
    // It is reported as the file's own failure, beside the others.
    const fail = (): never => {
      throw error;
    };
    return [{ place: file, read: fail }];
  }
}

function exportsIn(file: string): FoundHistory[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  const exports: unknown[][] = [];
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const found: unknown = JSON.parse(line);
    if (has(found, "execution")) exports.push([]);
    exports.at(-1)?.push(found);
  }
  if (exports.length === 0) return [{ place: file, read: () => [] }];
  return exports.map((lines) => ({
    place: exports.length === 1 ? file : `${file}#${idOf(lines[0])}`,
    read: () => entriesOf(lines),
  }));
}

/** @throws InvalidInputError for an export that was cut off, or that lacks parts of its history */
function entriesOf([, ...lines]: readonly unknown[]): unknown[] {
  const last = lines.at(-1);
  const end: unknown = has(last, "end") ? last.end : undefined;
  if (!has(end, "entries") || end.entries !== lines.length - 1)
    throw new InvalidInputError("The export", [
      { path: "", message: "expected a last line that ends it and counts its entries: it was cut off" },
    ]);
  if (has(end, "unread"))
    throw new InvalidInputError("The export", [
      { path: "", message: `slots ${String(end.unread)} were gone when it was made: it can't be replayed` },
    ]);
  return lines.slice(0, -1);
}

function idOf(first: unknown): string {
  const execution = has(first, "execution") ? first.execution : undefined;
  return has(execution, "executionId") ? String(execution.executionId) : "?";
}

function has<Name extends string>(found: unknown, name: Name): found is Record<Name, unknown> {
  return typeof found === "object" && found !== null && name in found;
}
