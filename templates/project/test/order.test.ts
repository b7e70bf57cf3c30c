/** On virtual time, in this process: three days take milliseconds, and a process that dies is one line. */
import { testApp } from "holdfast/testing";
import { expect, test } from "vitest";
import shop from "../workflows/app.js";
import { order, Paid } from "../workflows/order.js";

test("ships what was paid, though a process dies on the way", async () => {
  const t = await testApp(shop);
  await t.client.start(order, { id: "o-1", sku: "tea" }, { id: "o-1" });
  t.crash({ call: 2, when: "after" });
  await t.settle();
  await t.publish(Paid, { orderId: "o-1", amount: 40 });
  expect(await t.runToEnd("o-1")).toEqual({ parcel: "parcel with tea for o-1", amount: 40 });
});

test("gives back what nobody paid for", async () => {
  const t = await testApp(shop);
  await t.client.start(order, { id: "o-2", sku: "tea" }, { id: "o-2" });
  await t.advance("4d");
  const { status, compensation } = await t.client.describe("o-2");
  expect({ status, compensation }).toEqual({ status: "failed", compensation: "complete" });
});
