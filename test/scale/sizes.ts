/** What the everyday work costs beside growing numbers of open executions, and how their entries lie in the indexes. */
import { INDEX_SHARDS } from "../../lib/store/ports.js";
import type { Ground } from "./ground.js";
import { type Measured, measure } from "./measure.js";
import { type Entries, ITEMS_EACH, seed, writeTemplate } from "./seed.js";

/** As the construct schedules it. */
const AUDIT_EVERY_MINUTES = 5;

/** Rounds that are not looked at: until then the code gets faster, here and in DynamoDB Local, and each size would look cheaper than the one before. */
const WARM_UPS = 5;

export interface Partitions {
  readonly index: string;
  readonly partitions: number;
  /** The largest one's part of all entries. */
  readonly largest: number;
}

export interface Size extends Measured {
  readonly seededSeconds: number;
  /** Until the audit has gone through its fullest shard, a part of a run's looks at a time. */
  readonly auditRoundHours: number;
  readonly partitions: readonly Partitions[];
}

/** The sizes are taken one after the other, each adding to the one before. */
export async function measureSizes(
  ground: Ground,
  sizes: readonly number[],
  tell: (line: string) => void,
): Promise<Size[]> {
  const template = await writeTemplate(ground);
  const measured: Size[] = [];
  const indexes = new Map<string, Map<string, number>>();
  tell("Warming up…");
  for (let round = 0; round < WARM_UPS; round++) await measure(ground, 1);
  for (const [index, open] of sizes.entries()) {
    // What was measured before has completed.
    const there = sizes[index - 1] ?? 1;
    tell(`Seeding ${open - there} open executions of ${ITEMS_EACH} items each…`);
    const seeded = await seed(ground, template, open - there);
    for (const [name, entries] of Object.entries(seeded.indexes)) add(indexes, name, entries);
    tell(`Measuring beside ${open}…`);
    const one = await measure(ground, open);
    const partitions = [...indexes].map(([index, entries]) => partitionsOf(index, entries));
    const auditRoundHours = roundHours(one, partitions);
    measured.push({ ...one, seededSeconds: seeded.seconds, auditRoundHours, partitions });
  }
  return measured;
}

function add(indexes: Map<string, Map<string, number>>, name: string, more: Entries): void {
  const entries = indexes.get(name) ?? new Map<string, number>();
  for (const [partition, count] of more) entries.set(partition, (entries.get(partition) ?? 0) + count);
  indexes.set(name, entries);
}

function partitionsOf(index: string, entries: Entries): Partitions {
  const all = [...entries.values()].reduce((sum, count) => sum + count, 0);
  return { index, partitions: entries.size, largest: Math.max(0, ...entries.values()) / (all || 1) };
}

function roundHours({ open, looked }: Measured, partitions: readonly Partitions[]): number {
  const fullest = open * (partitions.find(({ index }) => index === "byStatus")?.largest ?? 1);
  const runs = looked >= open ? 1 : Math.ceil(fullest / (looked / INDEX_SHARDS));
  return (runs * AUDIT_EVERY_MINUTES) / 60;
}
