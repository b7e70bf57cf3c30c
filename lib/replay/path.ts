/**
 * The identity of operations (I3): scope path, kind, name, and how often that kind and name was used before in that scope. Never a global
 * counter, so that code beside an operation can change without renaming it.
 */

interface Used {
  /** The path of the first of this kind and name. */
  readonly first: string;
  times: number;
}

/** A place in the code that counts its own operations: the workflow function itself, or what runs inside it. */
export class Scope {
  /** By kind, then by name as it was given: a replay asks for thousands, mostly of few names. */
  readonly #used = new Map<string, Map<string, Used>>();

  /** @param prefix ends with `/`, or is empty for the workflow function itself */
  constructor(readonly prefix: string) {}

  /** The path of the next operation of this kind and name: `step:reserve`, then `step:reserve#2`. */
  next(kind: string, name: string): string {
    const used = this.#usedOf(kind, name);
    used.times += 1;
    return used.times === 1 ? used.first : `${used.first}#${used.times}`;
  }

  #usedOf(kind: string, name: string): Used {
    let ofKind = this.#used.get(kind);
    if (ofKind === undefined) {
      ofKind = new Map();
      this.#used.set(kind, ofKind);
    }
    let used = ofKind.get(name);
    if (used === undefined) {
      const first = `${this.prefix}${name === "" ? kind : `${kind}:${escapeName(name)}`}`;
      used = { first, times: 0 };
      ofKind.set(name, used);
    }
    return used;
  }

  /** A number that is new at every call in this scope: the seed of `random` and `uuid`. */
  draw(): string {
    return this.next("draw", "");
  }
}

const SPECIAL = /[%/#:]|\p{Cc}/u;

/** Escapes what the grammar of paths uses, and control characters, so that no name can forge a path or break a line. */
export function escapeName(name: string): string {
  if (!SPECIAL.test(name)) return name;
  return name.replace(
    /[%/#:]|\p{Cc}/gu,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`,
  );
}

/** What a path says of its operation. */
export interface ReadPath {
  /** As it was asked for: `step`, `wait`, `signal`, `child` and so on; `compensation` for the step that undoes one. */
  readonly kind: string;
  /** Absent for what has none. */
  readonly name?: string;
}

/** The other way round. */
export function readPath(path: string): ReadPath {
  const segments = path.split("/");
  const [kind = "", name] = (segments.at(-1) ?? "").replace(/#\d+$/, "").split(":");
  const undoes = kind === "step" && /^undo(#\d+)?$/.test(segments.at(-2) ?? "");
  return {
    kind: undoes ? "compensation" : kind,
    ...(name === undefined ? {} : { name: unescapeName(name) }),
  };
}

function unescapeName(name: string): string {
  return name.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
