import { expect, test } from "vitest";
import { PayloadTooLargeError } from "../../../lib/model/errors.js";
import { objectKey, objectPrefix, type PayloadStore, type Store } from "../../../lib/store/ports.js";

export function payloadContract(store: () => Store): void {
  test("come back as they were, under names of any kind", async () => {
    const long = "step/".repeat(400);
    for (const name of ["input", "a#b", "a%23b", long, `${long}x`])
      await store().putPayload("named", name, JSON.stringify({ name }));
    for (const name of ["input", "a#b", "a%23b", long, `${long}x`]) {
      expect(await store().getPayload("named", name)).toBe(JSON.stringify({ name }));
    }
  });

  test("are text or bytes, as they were given", async () => {
    const bytes = Uint8Array.from([0, 255, 27, 128]);
    await store().putPayload("bytes", "input", bytes);
    bytes.fill(1);
    expect([...((await store().getPayload("bytes", "input")) ?? [])]).toEqual([0, 255, 27, 128]);
  });

  test("may be written again", async () => {
    await store().putPayload("again", "input", "[1]");
    await store().putPayload("again", "input", "[1]");
    expect(await store().getPayload("again", "input")).toBe("[1]");
  });

  test("keep what was stored first under their name, whoever comes later", async () => {
    const contents = Array.from({ length: 20 }, (_, index) => `[${index}]`);
    await Promise.all(contents.map((content) => store().putPayload("first", "answer", content)));
    const told = await store().getPayload("first", "answer");
    expect(contents).toContain(told);
    await store().putPayload("first", "answer", Uint8Array.from([1]));
    expect(await store().getPayload("first", "answer")).toBe(told);
  });

  test("are undefined where there is none", async () => {
    expect(await store().getPayload("nobody", "input")).toBeUndefined();
  });

  test("fit up to 350 KiB of UTF-8, and not a byte more", async () => {
    await store().putPayload("size", "fits", "ü".repeat(175 * 1024));
    await expect(store().putPayload("size", "does not", `${"ü".repeat(175 * 1024)}x`)).rejects.toThrow(
      PayloadTooLargeError,
    );
    await expect(store().putPayload("size", "does not", new Uint8Array(350 * 1024 + 1))).rejects.toThrow(
      PayloadTooLargeError,
    );
    expect(await store().getPayload("size", "fits")).toHaveLength(175 * 1024);
    expect(await store().getPayload("size", "does not")).toBeUndefined();
  });
}

export function objectContract(store: () => PayloadStore): void {
  test("come back as they were, beyond what an item holds", async () => {
    const content = new Uint8Array(1_000_000).map((_, index) => (index * 31) % 251);
    await store().putObject(objectKey("object-1", "input"), content);
    await store().putObject(objectKey("object-1", "input"), content);
    const found = await store().getObject(objectKey("object-1", "input"));
    expect(Buffer.compare(content, found ?? new Uint8Array())).toBe(0);
  });

  test("are undefined where there is none", async () => {
    expect(await store().getObject(objectKey("object-2", "input"))).toBeUndefined();
  });

  test("have one prefix for all of an execution, which no other execution's id can reach into", () => {
    expect(objectKey("a/b", "c")).not.toBe(objectKey("a", "b/c"));
    expect(objectKey("a/b", "c").startsWith("a/")).toBe(false);
  });

  test("are listed by their execution, and no other's, as many as are asked for", async () => {
    const put = (executionId: string, name: string, bytes: number) =>
      store().putObject(objectKey(executionId, name), new Uint8Array(bytes));
    for (const [index, name] of ["c", "a", "b"].entries()) await put("listed/1", name, index);
    await put("listed/10", "a", 1);
    await put("listed", "1/a", 1);
    const listed = await store().listObjects(objectPrefix("listed/1"), 1_000);
    expect(new Map(listed.map(({ key, bytes }) => [key, bytes]))).toEqual(
      new Map([
        [objectKey("listed/1", "a"), 1],
        [objectKey("listed/1", "b"), 2],
        [objectKey("listed/1", "c"), 0],
      ]),
    );
    expect(await store().listObjects(objectPrefix("listed/1"), 2)).toHaveLength(2);
    expect(await store().listObjects(objectPrefix("listed/2"), 10)).toEqual([]);
  });

  test("are gone once they are deleted, and deleting them again does nothing", async () => {
    const keys = ["a", "b&c", "d"].map((name) => objectKey("deleted", name));
    for (const key of keys) await store().putObject(key, Uint8Array.from([1]));
    const [kept = "", ...gone] = keys;
    for (let times = 0; times < 2; times += 1) await store().deleteObjects([...gone, "deleted/nothing"]);
    await store().deleteObjects([]);
    expect(await store().listObjects(objectPrefix("deleted"), 10)).toEqual([{ key: kept, bytes: 1 }]);
    for (const key of gone) expect(await store().getObject(key)).toBeUndefined();
    expect(await store().getObject(kept)).toHaveLength(1);
  });
}
