import { expect, test } from "vitest";
import type { CurrentDefinition, NewDefinition, Page, Store } from "../../../lib/store/ports.js";
import { incompressible, ordinary } from "../../setup/text.js";
import { T0 } from "../builders.js";

export function definitionContract(store: () => Store): void {
  const definition = (
    workflow: string,
    hash: string,
    fields: Partial<NewDefinition> = {},
  ): NewDefinition => ({
    workflow,
    hash,
    recordedAt: T0,
    source: `async (ctx) => "${hash}"`,
    ...fields,
  });
  const current = (
    workflow: string,
    hash: string,
    revision: number,
    fields: Partial<CurrentDefinition> = {},
  ): CurrentDefinition => ({ workflow, hash, since: T0 + revision, revision, ...fields });

  async function all<T>(list: (cursor?: string) => Promise<Page<T>>, limit: number): Promise<T[]> {
    const found: T[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await list(cursor);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      cursor = page.cursor;
    }
    return found;
  }
  const listed = (workflow: string, limit: number) =>
    all((cursor) => store().listDefinitions({ workflow, limit, ...(cursor && { cursor }) }), limit);
  const listedCurrent = (limit: number) =>
    all((cursor) => store().listCurrentDefinitions({ limit, ...(cursor && { cursor }) }), limit);

  test("a definition comes back with its source, its version and the time of its first record", async () => {
    const written = definition("orders/eu:v1", "h-1", { version: "7", source: ordinary(40_000) });
    await store().putDefinition(written);
    expect(await store().getDefinition("orders/eu:v1", "h-1")).toEqual({ ...written, sourceBytes: 40_000 });
    expect(await store().getDefinition("orders/eu:v1", "h-2")).toBeUndefined();
    expect(await store().getDefinition("orders", "h-1")).toBeUndefined();
  });

  test("the first record of a hash stands, and a repeat changes nothing", async () => {
    await store().putDefinition(definition("first", "h"));
    await store().putDefinition(definition("first", "h", { recordedAt: T0 + 9, source: "another text" }));
    expect(await store().getDefinition("first", "h")).toEqual({
      ...definition("first", "h"),
      sourceBytes: Buffer.byteLength(definition("first", "h").source),
    });
  });

  test("a source that no item can hold is left out, and its size says so", async () => {
    await store().putDefinition(definition("large", "fits", { source: ordinary(1_000_000) }));
    expect((await store().getDefinition("large", "fits"))?.source).toHaveLength(1_000_000);
    await store().putDefinition(definition("large", "does not", { source: incompressible(600_000) }));
    expect(await store().getDefinition("large", "does not")).toEqual({
      workflow: "large",
      hash: "does not",
      recordedAt: T0,
      sourceBytes: 600_000,
    });
  });

  test("a workflow's definitions are listed by their hashes, without sources, in pages of any size", async () => {
    const hashes = ["b", "a", "d", "c", "e"];
    for (const [index, hash] of hashes.entries()) {
      await store().putDefinition(
        definition("listed", hash, { version: String(index), recordedAt: T0 + index }),
      );
    }
    await store().putDefinition(definition("listed-too", "z"));
    const expected = ["a", "b", "c", "d", "e"].map((hash) => ({
      workflow: "listed",
      hash,
      version: String(hashes.indexOf(hash)),
      recordedAt: T0 + hashes.indexOf(hash),
    }));
    for (const limit of [1, 2, 5, 50]) expect(await listed("listed", limit)).toEqual(expected);
    expect(await listed("nobody", 5)).toEqual([]);
  });

  test("the current definition follows what is set, back to an earlier one too", async () => {
    expect(await store().readCurrentDefinition("rolls")).toBeUndefined();
    expect(await store().setCurrentDefinition(current("rolls", "old", 1))).toEqual({ set: true });
    expect(await store().setCurrentDefinition(current("rolls", "new", 2, { version: "2" }))).toEqual({
      set: true,
    });
    expect(await store().readCurrentDefinition("rolls")).toEqual(
      current("rolls", "new", 2, { version: "2" }),
    );
    expect(await store().setCurrentDefinition(current("rolls", "old", 3))).toEqual({ set: true });
    expect(await store().readCurrentDefinition("rolls")).toEqual(current("rolls", "old", 3));
  });

  test("the current definition is set behind the revision that was read, and by one of twenty", async () => {
    await store().setCurrentDefinition(current("raced", "a", 1));
    expect(await store().setCurrentDefinition(current("raced", "b", 1))).toEqual({ set: false });
    expect(await store().setCurrentDefinition(current("raced", "b", 3))).toEqual({ set: false });
    expect(await store().setCurrentDefinition(current("never", "b", 2))).toEqual({ set: false });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store().setCurrentDefinition(current("raced", `h${index}`, 2)),
      ),
    );
    expect(answers.filter(({ set }) => set)).toHaveLength(1);
    expect((await store().readCurrentDefinition("raced"))?.revision).toBe(2);
  });

  test("a repeat knows its own change when the reply was lost", async () => {
    await store().setCurrentDefinition(current("lost", "a", 1));
    expect(await store().setCurrentDefinition(current("lost", "a", 1))).toEqual({ set: true });
    await store().setCurrentDefinition(current("lost", "b", 2));
    expect(await store().setCurrentDefinition(current("lost", "b", 2))).toEqual({ set: true });
    expect(await store().setCurrentDefinition(current("lost", "a", 1))).toEqual({ set: false });
  });

  test("every workflow is listed with its current definition, by name, in pages of any size", async () => {
    for (const name of ["names/2", "names/1", "names/3"])
      await store().setCurrentDefinition(current(name, "h", 1));
    for (const limit of [1, 2, 50]) {
      const found = (await listedCurrent(limit)).filter(({ workflow }) => workflow.startsWith("names/"));
      expect(found).toEqual(["names/1", "names/2", "names/3"].map((name) => current(name, "h", 1)));
    }
  });
}
