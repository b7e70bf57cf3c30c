import { expect, test } from "vitest";
import { PayloadTooLargeError } from "../../../lib/model/errors.js";
import type { Store } from "../../../lib/store/ports.js";

export function payloadContract(store: () => Store): void {
  test("come back as they were, under names of any kind", async () => {
    const long = "step/".repeat(400);
    for (const name of ["input", "a#b", "a%23b", long, `${long}x`])
      await store().putPayload("named", name, { name });
    for (const name of ["input", "a#b", "a%23b", long, `${long}x`]) {
      expect(await store().getPayload("named", name)).toEqual({ name });
    }
  });

  test("may be written again", async () => {
    await store().putPayload("again", "input", [1, null, "x"]);
    await store().putPayload("again", "input", [1, null, "x"]);
    expect(await store().getPayload("again", "input")).toEqual([1, null, "x"]);
  });

  test("are undefined where there is none, and null where null was stored", async () => {
    expect(await store().getPayload("nobody", "input")).toBeUndefined();
    await store().putPayload("null", "input", null);
    expect(await store().getPayload("null", "input")).toBeNull();
  });

  test("fit up to 350 KiB of UTF-8, and not a byte more", async () => {
    await store().putPayload("size", "fits", "ü".repeat(175 * 1024 - 1));
    await expect(store().putPayload("size", "does not", "ü".repeat(175 * 1024))).rejects.toThrow(
      PayloadTooLargeError,
    );
    expect(await store().getPayload("size", "fits")).toHaveLength(175 * 1024 - 1);
    expect(await store().getPayload("size", "does not")).toBeUndefined();
  });
}
