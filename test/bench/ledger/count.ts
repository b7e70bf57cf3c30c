/** What each typical workflow costs: its second run, as the first after a deploy records the code as well. */
import type { Units } from "../../../lib/store/dynamodb/in-memory/units.js";
import { CountedCloud, type Traffic } from "./cloud.js";
import type { Ground } from "./ground.js";
import { deployed, Paid, type Typical } from "./workflows.js";

export type Count = Units & Traffic;

/** Beyond the longest wait, and the timer of a wait that ended before. */
const MONTH_AND_MORE_MS = 31 * 24 * 3_600_000;

export async function count(ground: Ground, typical: Typical): Promise<Count> {
  const cloud = new CountedCloud(deployed, ground);
  await run(cloud, typical, "0f8fad5b-d9cb-469f-a165-70867728950e");
  const id = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
  const counted = await cloud.count(() => run(cloud, typical, id));
  const { status } = await cloud.client.describe(id);
  if (status !== typical.ends)
    throw new Error(`${typical.key} was to end as ${typical.ends}, and is ${status}.`);
  return counted;
}

/** Started by a client, through the queue. */
async function run(cloud: CountedCloud, { workflow, isPaid }: Typical, id: string): Promise<void> {
  await cloud.client.start(workflow, isPaid ? id : undefined, { id });
  await cloud.advance(1_000);
  if (isPaid) await cloud.client.publish(Paid, { orderId: id });
  await cloud.advance(MONTH_AND_MORE_MS);
}
