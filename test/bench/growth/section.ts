/** What the everyday work costs beside growing numbers of open executions. */
import { startDynamoDb } from "../../../lib/local/dynamodb.js";
import type { Cost } from "../../scale/measure.js";
import type { Size } from "../../scale/sizes.js";
import type { Section, Table } from "../section.js";

export interface Growth {
  readonly what: string;
  readonly sizes: readonly (Omit<Cost, "what"> & {
    readonly open: number;
    /** Its milliseconds, as a multiple of those beside the fewest. */
    readonly times: number;
  })[];
}

const SIZES = [100, 10_000, 100_000];
const QUICK = [10, 100];

export const growth: Section<readonly Growth[]> = {
  key: "growth",
  title: "What grows with open executions",
  says: "The everyday work beside open executions that each wait for an event of its own, on DynamoDB Local in memory. Units and calls are averages of one, milliseconds medians.",
  async measure({ quick, tell }) {
    const { openGround } = await import("../../scale/ground.js");
    const { measureSizes } = await import("../../scale/sizes.js");
    const database = await startDynamoDb({ inMemory: true, lasting: true });
    try {
      return growthOf(await measureSizes(await openGround(database.endpoint), quick ? QUICK : SIZES, tell));
    } finally {
      await database.stop();
    }
  },
  report: (rows) => [units(rows), milliseconds(rows)],
};

export function growthOf(measured: readonly Pick<Size, "open" | "costs">[]): Growth[] {
  const [fewest] = measured;
  return (fewest?.costs ?? []).map(({ what, ms }) => ({
    what,
    sizes: measured.map(({ open, costs }) => {
      const cost = costs.find((one) => one.what === what);
      if (cost === undefined) throw new Error(`"${what}" was not measured beside ${open}.`);
      const { writes, indexWrites, reads, calls } = cost;
      return { open, writes, indexWrites, reads, calls, ms: cost.ms, times: cost.ms / ms };
    }),
  }));
}

/** One figure where all sizes have the same. */
function units(rows: readonly Growth[]): Table {
  return {
    titles: [titleOf(rows), "Write units", "Of them indexes", "Read units", "Calls of DynamoDB"],
    rows: rows.map(({ what, sizes }) => {
      const each = (of: (size: Growth["sizes"][number]) => number): string => {
        const shown = sizes.map((size) => of(size).toLocaleString("en-US", { maximumFractionDigits: 1 }));
        return new Set(shown).size === 1 ? (shown[0] ?? "") : shown.join(", ");
      };
      return [
        what,
        each(({ writes, indexWrites }) => writes + indexWrites),
        each(({ indexWrites }) => indexWrites),
        each(({ reads }) => reads),
        each(({ calls }) => calls),
      ];
    }),
  };
}

const titleOf = (rows: readonly Growth[]): string =>
  `Beside ${(rows[0]?.sizes ?? []).map(({ open }) => many(open)).join(", ")} open`;

function milliseconds(rows: readonly Growth[]): Table {
  const [fewest, ...more] = rows[0]?.sizes ?? [];
  return {
    titles: [
      "Milliseconds",
      `${many(fewest?.open ?? 0)} open`,
      ...more.flatMap(({ open }) => [`${many(open)} open`, "As a multiple"]),
    ],
    rows: rows.map(({ what, sizes: [first, ...others] }) => [
      what,
      (first?.ms ?? 0).toFixed(1),
      ...others.flatMap(({ ms, times }) => [ms.toFixed(1), times.toFixed(2)]),
    ]),
  };
}

const many = (count: number): string => count.toLocaleString("en-US");
