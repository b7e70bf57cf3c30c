/** Which event types a rule of a bus may take. The bus itself is asked in test/local/deploys.test.ts. */
import { expect, test } from "vitest";
import { admits } from "../../lib/aws/bus-rules.js";

test.each([
  [{ "detail-type": ["paid"] }, true],
  [{ "detail-type": ["shipped", "paid"], source: ["shop"] }, true],
  [{ "detail-type": ["shipped"] }, false],
  [{ "detail-type": [] }, false],
  [{ "detail-type": [{ prefix: "pa" }] }, true],
  [{ source: ["shop"] }, true],
])("%j", (pattern, expected) => expect(admits(JSON.stringify(pattern), "paid")).toBe(expected));
