/** Envelope encryption with KMS: the codec that docs/encryption.md shows. KMS itself is not here; what is asked of it is. */
import { readFileSync } from "node:fs";
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { kmsCodec } from "../../functions/workflows/kms-codec.js";
import { answersOfKms } from "../setup/kms.js";

const kms = mockClient(KMSClient);
const { generated, decrypted } = answersOfKms("alias/orders", "k");

beforeEach(() => {
  kms.reset();
  kms.on(GenerateDataKeyCommand).callsFake(generated);
  kms.on(DecryptCommand).callsFake(decrypted);
});
afterEach(() => {
  vi.useRealTimers();
});
// Test files share a process.
afterAll(() => kms.restore());

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const place = { executionId: "o-1" };

test("what one process seals another one opens, with a call of KMS for each data key, and none for each value", async () => {
  const [writer, reader] = [kmsCodec("alias/orders"), kmsCodec("alias/orders")];
  const sealed = [];
  for (const value of ["one", "two", "three"]) sealed.push(await writer.seal(Buffer.from(value), place));
  const opened = [];
  for (const each of sealed) opened.push(text(await reader.open(each, place, writer.id)));
  expect(opened).toEqual(["one", "two", "three"]);
  expect(kms.commandCalls(GenerateDataKeyCommand)).toHaveLength(1);
  expect(kms.commandCalls(DecryptCommand)).toHaveLength(1);
  expect(kms.commandCalls(GenerateDataKeyCommand)[0]?.args[0].input.KeyId).toBe("alias/orders");
});

test("the same value is sealed as another text each time, and holds nothing of it", async () => {
  const codec = kmsCodec("k");
  const [one, other] = [
    await codec.seal(Buffer.from("secret"), place),
    await codec.seal(Buffer.from("secret"), place),
  ];
  expect(text(one)).not.toBe(text(other));
  expect(text(one)).not.toContain("secret");
});

test("another execution's place, or a changed byte, opens nothing", async () => {
  const codec = kmsCodec("k");
  const sealed = Buffer.from(await codec.seal(Buffer.from("secret"), place));
  await expect(codec.open(sealed, { executionId: "o-2" }, codec.id)).rejects.toThrow(/authenticate/);
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  await expect(codec.open(sealed, place, codec.id)).rejects.toThrow(/authenticate/);
});

test("a data key lives for an hour, and what it sealed is read after it", async () => {
  vi.useFakeTimers();
  const codec = kmsCodec("k");
  const before = await codec.seal(Buffer.from("before"), place);
  vi.advanceTimersByTime(3_600_001);
  await codec.seal(Buffer.from("after"), place);
  expect(kms.commandCalls(GenerateDataKeyCommand)).toHaveLength(2);
  expect(text(await codec.open(before, place, codec.id))).toBe("before");
});

test("a refusal of KMS is told, and not kept", async () => {
  const codec = kmsCodec("k");
  kms.on(GenerateDataKeyCommand).rejectsOnce(new Error("AccessDenied")).callsFake(generated);
  await expect(codec.seal(Buffer.from("x"), place)).rejects.toThrow("AccessDenied");
  const sealed = await codec.seal(Buffer.from("x"), place);
  const reader = kmsCodec("k");
  kms.on(DecryptCommand).rejectsOnce(new Error("AccessDenied")).callsFake(decrypted);
  await expect(reader.open(sealed, place, codec.id)).rejects.toThrow("AccessDenied");
  expect(text(await reader.open(sealed, place, codec.id))).toBe("x");
});

test("docs/encryption.md shows it as it is", () => {
  const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  expect(read("docs/encryption.md")).toContain(read("functions/workflows/kms-codec.ts"));
});
