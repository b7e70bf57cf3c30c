/** An app in a cloud in which every tenth call, delivery and invocation goes wrong: everything that was started ends, as it would have. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { PaymentCompleted } from "../../functions/workflows/events.js";
import { greeting, orderSaga } from "../../functions/workflows/index.js";
import { type LocalCloud, localCloud } from "../../lib/local/index.js";
import { chat, family, nap } from "./apps/storm.js";
import { eventually } from "./harness.js";

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await localCloud({
    app: fileURLToPath(new URL("./apps/storm.ts", import.meta.url)),
    inMemory: true,
    dynamodbEndpoint: inject("dynamodbEndpoint"),
    accessKeyId: `T${randomBytes(8).toString("hex")}`,
    workerTimeout: "5s",
    // A worker's time is real, and its message's is a hundred times as fast: 9 seconds, for a process to start in and for the whole timeout.
    // A message that is back before its turn has ended counts as a crash, and five of them stall an execution.
    wakeVisibilityMargin: "15m",
    timeScale: 100,
    chaos: { rate: 0.1, seed: 7 },
  });
}, 180_000);
afterAll(() => cloud.stop());

/** Whoever calls AWS repeats what has failed for good; ids make it the same call. */
const stubborn = <T>(call: () => Promise<T>): Promise<T> => eventually(call, 60_000);

test("a storm", async () => {
  const { client } = cloud;
  const order = { orderId: "o-1", sku: "kettle", quantity: 1, amount: 39, card: "visa" };
  await Promise.all([
    stubborn(() => client.start(orderSaga, { ...order, changeableFor: "10s" }, { id: "order" })),
    stubborn(() => client.start(greeting, { name: "Ada" }, { id: "greeting" })),
    stubborn(() => client.start(family, { children: 3 }, { id: "family" })),
    stubborn(() => client.start(nap, undefined, { id: "nap" })),
    stubborn(() => client.start(chat, undefined, { id: "chat" })),
  ]);
  for (const word of ["one", "two", "three"])
    await stubborn(() => client.signal("chat", "word", word, { id: word }));
  await stubborn(() => cloud.publish(PaymentCompleted, { orderId: "o-1", amount: 39 }));

  const result = (id: string) => stubborn(() => client.result(id, { timeout: "60s" }));
  expect(await result("greeting")).toBe("Hello, Ada!");
  expect(await result("family")).toBe(30);
  expect(await result("chat")).toEqual(["one", "two", "three"]);
  expect(await result("order")).toEqual({ status: "shipped", tracking: "parcel-o-1" });
  expect(await result("nap")).toBe("rested");

  const struck = Object.keys(cloud.chaos?.counts ?? {});
  expect(struck).toEqual(expect.arrayContaining(["dynamodb", "sqs", "lambda", "mappings"]));
}, 240_000);
