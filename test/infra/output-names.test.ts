import { describe, expect, it } from "vitest";
import { outputKey, outputPrefix, readDeployments } from "../../lib/cdk/output-names.js";

describe("the names of the outputs", () => {
  it.each([
    [["Holdfast"], ""],
    [["Orders"], "Orders"],
    [["Shop", "Orders-2"], "ShopOrders2"],
    [["Shop", "Holdfast"], "ShopHoldfast"],
  ])("the construct at %j has the prefix %j", (ids, prefix) => {
    expect(outputPrefix(ids)).toBe(prefix);
  });

  it("are read back, one deployment for each prefix, and others' outputs are passed over", () => {
    const keys = ["", "Orders", "ShopHoldfast"].map((prefix) => outputKey(prefix, "Service"));
    const found = readDeployments([
      ...keys.map((key) => [key, `value of ${key}`] as const),
      [outputKey("Orders", "WakeQueueUrl"), "https://queue"],
      ["SiteUrl", "https://site"],
      ["HoldfastServiceEndpoint", "https://other"],
    ]);
    expect(found).toEqual([
      { prefix: "", values: { Service: "value of HoldfastService" } },
      {
        prefix: "Orders",
        values: { Service: "value of OrdersHoldfastService", WakeQueueUrl: "https://queue" },
      },
      { prefix: "ShopHoldfast", values: { Service: "value of ShopHoldfastHoldfastService" } },
    ]);
  });
});
