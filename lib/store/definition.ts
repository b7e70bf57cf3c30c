/** What is kept of a workflow's code: all of it, unless no item could hold it. */
import { compress } from "../model/compression.js";
import { LARGEST_PAYLOAD_BYTES, utf8Bytes } from "./limits.js";
import type { NewDefinition, StoredDefinition } from "./ports.js";

export function storedDefinition({ source, ...summary }: NewDefinition): StoredDefinition {
  return { ...summary, sourceBytes: utf8Bytes(source), ...(fits(source) ? { source } : {}) };
}

/** As JSON text, or compressed: whichever an item of it would be. */
function fits(source: string): boolean {
  const json = JSON.stringify(source);
  return utf8Bytes(json) <= LARGEST_PAYLOAD_BYTES || compress(json).length <= LARGEST_PAYLOAD_BYTES;
}
