/** What is written of a graph is read as the same graph. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkedGraph } from "../../lib/pipeline/checked-graph.js";
import { graphFromJson } from "../../lib/pipeline/json/graph-from-json.js";
import { graphs, TYPES, written } from "./definitions.js";

it("any valid graph, written as JSON and read back, is the same graph", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(graphs, fc.boolean(), (graph, isWrapped) => {
      expect(graphFromJson(written(checkedGraph(graph), isWrapped), TYPES)).toEqual({
        ...graph,
        templates: true,
      });
    }),
    { numRuns: 500, seed: 20_261 },
  );
});
