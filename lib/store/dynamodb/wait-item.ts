/** Wait records as items. Their name and key are the reader's own question, so only the rest is read from them. */
import type { Registrant, WaitRecord } from "../ports.js";
import { type Item, ItemReader } from "./item.js";
import { type Subject, waitKey } from "./keys.js";

/** There is no record, or nobody has registered the wait since this owner: neither a later one nor a later execution of the same id. */
export const NOT_OF_A_LATER_OWNER =
  "attribute_not_exists(#epoch) OR #createdAt < :createdAt OR (#createdAt = :createdAt AND #epoch <= :epoch)";

export function registrantValues({ createdAt, epoch }: Registrant): Item {
  return { ":createdAt": createdAt, ":epoch": epoch };
}

export function waitItem(wait: WaitRecord): Item {
  return {
    ...waitKey(wait),
    executionId: wait.executionId,
    op: wait.op,
    createdAt: wait.createdAt,
    epoch: wait.epoch,
    ...(wait.until === undefined ? {} : { until: wait.until }),
    ...(wait.where === undefined ? {} : { where: wait.where }),
  };
}

export function readWaitItem({ name, key }: Subject, item: Item): WaitRecord {
  const read = new ItemReader(item);
  const until = read.optionalTime("until");
  const where = read.optionalText("where");
  return {
    name,
    ...(key === undefined ? {} : { key }),
    executionId: read.text("executionId"),
    op: read.text("op"),
    createdAt: read.time("createdAt"),
    epoch: read.count("epoch"),
    ...(until === undefined ? {} : { until }),
    ...(where === undefined ? {} : { where }),
  };
}
