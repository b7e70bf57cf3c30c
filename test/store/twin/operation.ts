/** One thing that is asked of both stores. */
import type { Page, Store } from "../../../lib/store/ports.js";
import { pagesOf } from "../pages.js";

export interface Operation {
  readonly of: keyof Store;
  /** What is asked, in full: with it, a failure can be repeated by hand. */
  readonly text: string;
  run(store: Store): Promise<unknown>;
}

export function call<K extends keyof Store>(of: K, ...args: Parameters<Store[K]>): Operation {
  return {
    of,
    text: `${of}(${args.map(shown).join(", ")})`,
    run: async (store) => Reflect.apply(store[of], store, args),
  };
}

/**
 * All pages of a listing, each store by its own cursors. With `unordered`, only how long the pages are and what is on them altogether is
 * compared: of one instant an index promises no order, nor do waits have one.
 */
export function pages<T>(
  of: keyof Store,
  request: object,
  list: (store: Store, from: { readonly cursor?: string }) => Promise<Page<T>>,
  order: "ordered" | "unordered" | "as a whole" = "ordered",
): Operation {
  return {
    of,
    text: `all pages of ${of}(${shown(request)})`,
    async run(store) {
      const found = await pagesOf((from) => list(store, from));
      if (order === "ordered") return found;
      const all = found.flat().map((one) => JSON.stringify(one));
      return { lengths: order === "unordered" ? found.map((page) => page.length) : [], all: all.sort() };
    },
  };
}

const LONGEST_SHOWN = 300;

/** A value of many kilobytes is told by its beginning. */
export function shown(value: unknown): string {
  const text =
    JSON.stringify(value, (_, one) =>
      typeof one === "string" && one.length > 80 ? `${one.slice(0, 40)}… (${one.length})` : one,
    ) ?? "undefined";
  return text.length > 4 * LONGEST_SHOWN ? `${text.slice(0, 4 * LONGEST_SHOWN)}…` : text;
}
