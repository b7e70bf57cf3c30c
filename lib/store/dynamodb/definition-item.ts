/** Definitions as items: the code of each, and for every workflow which of them it has now. */
import { anyText } from "../../model/forms.js";
import type { CurrentDefinition, DefinitionSummary, StoredDefinition } from "../ports.js";
import { type Item, ItemReader } from "./item.js";
import { currentDefinitionKey, definitionKey } from "./keys.js";
import { packed } from "./packed.js";

export function definitionItem(definition: StoredDefinition): Item {
  const { workflow, hash, version, recordedAt, sourceBytes, source } = definition;
  return {
    ...definitionKey(workflow, hash),
    workflow,
    hash,
    ...(version === undefined ? {} : { ver: version }),
    recordedAt,
    sourceBytes,
    ...(source === undefined ? {} : { source: packed(JSON.stringify(source)) }),
  };
}

/** The attributes that {@link readDefinitionSummary} needs, for a projection. */
export const DEFINITION_SUMMARY_ATTRIBUTES = ["sk", "workflow", "hash", "ver", "recordedAt"] as const;

export function readDefinitionSummary(item: Item): DefinitionSummary {
  const read = new ItemReader(item);
  return { ...identityOf(read), recordedAt: read.time("recordedAt") };
}

export function readDefinitionItem(item: Item): StoredDefinition {
  const read = new ItemReader(item);
  return {
    ...readDefinitionSummary(item),
    sourceBytes: read.count("sourceBytes"),
    ...(item.source === undefined ? {} : { source: read.json<string>("source", anyText) }),
  };
}

export function currentDefinitionItem({ workflow, hash, version, since, revision }: CurrentDefinition): Item {
  return {
    ...currentDefinitionKey(workflow),
    workflow,
    hash,
    ...(version === undefined ? {} : { ver: version }),
    since,
    revision,
  };
}

export function readCurrentDefinitionItem(item: Item): CurrentDefinition {
  const read = new ItemReader(item);
  return { ...identityOf(read), since: read.time("since"), revision: read.count("revision") };
}

function identityOf(read: ItemReader): { workflow: string; hash: string; version?: string } {
  const version = read.optionalText("ver");
  return {
    workflow: read.text("workflow"),
    hash: read.text("hash"),
    ...(version === undefined ? {} : { version }),
  };
}
