/** What an outbox's states may take of its item: the errors that they name are as long as services make them. */
import { type OutboxEntryState, STATE_BYTES } from "../model/outgoing.js";
import { jsonBytes } from "../model/storable.js";

/** Beside what its commit counted for each message: of the 10 KiB that a commit leaves of its item, what keys and marks don't need. */
const SPARE_BYTES = 4_096;

/** `,"lastError":""`, and the mark of a cut. */
const AROUND_BYTES = 18;

/** The states as they fit: their errors cut, all to the same length, where they would take more. Fitting ones are given back as they are. */
export function fitting(states: readonly OutboxEntryState[]): readonly OutboxEntryState[] {
  const room = states.length * STATE_BYTES + SPARE_BYTES;
  if (jsonBytes(states) <= room) return states;
  const errors = states.flatMap(({ lastError }) => lastError ?? []);
  const each = Math.floor((room - jsonBytes(withoutErrors(states))) / errors.length) - AROUND_BYTES;
  return states.map((entry) =>
    entry.lastError === undefined ? entry : { ...entry, lastError: cut(entry.lastError, each) },
  );
}

export function withoutErrors(states: readonly OutboxEntryState[]): OutboxEntryState[] {
  return states.map(({ lastError: _, ...entry }) => entry);
}

/** @param bytes of JSON, in which a character may be six */
function cut(text: string, bytes: number): string {
  let kept = text.slice(0, bytes);
  for (let over = excess(kept, bytes); over > 0; over = excess(kept, bytes))
    kept = kept.slice(0, -Math.ceil(over / 6));
  return kept.length === text.length ? text : `${kept}…`;
}

function excess(text: string, bytes: number): number {
  return jsonBytes(text) - '""'.length - bytes;
}
