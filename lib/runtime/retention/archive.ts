/** The export of an execution as one compressed object, written before it is deleted. */
import type { ClosedHead, Refused } from "../../decide/deletion.js";
import { gzip } from "../../model/compression.js";
import { objectPrefix } from "../../store/ports.js";
import { exportLines } from "../export.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";

/** Where archived executions go. */
export interface Archive {
  /** Durable when it resolves. May be repeated with the same key and content. */
  putObject(key: string, content: Uint8Array): Promise<void>;
}

/** Begins the keys of all of them: no execution's id does, so no execution's objects are among them. */
const PREFIX = "_archive/";

/** Lines are compressed in pieces of about this many characters. */
const PIECE = 500_000;

/** What an archive may take when compressed: it is put together in a function of 256 MB. */
const LARGEST_BYTES = 32_000_000;

/** As they are stored. Of a value in an object, some twenty times as much is in memory while it is written down. */
const LARGEST_OBJECT_BYTES = 4_000_000;
const MOST_OBJECTS = 1_000;

/** `_archive/<workflow>/<yyyy>/<mm>/<dd>/<id>.jsonl.gz`, by the day (UTC) of its end; workflow and id as in a URL. */
export function archiveKey({ workflow, executionId, closedAt }: ClosedHead): string {
  const day = new Date(closedAt).toISOString().slice(0, 10).replaceAll("-", "/");
  return `${PREFIX}${encodeURIComponent(workflow)}/${day}/${encodeURIComponent(executionId)}.jsonl.gz`;
}

/** @returns why it can't be archived, if it is too large */
export async function archiveExecution(
  { store }: Outside,
  archive: Archive,
  head: ClosedHead,
): Promise<Refused | undefined> {
  const objects = await persistently(() => store.listObjects(objectPrefix(head.executionId), MOST_OBJECTS));
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  const isLarge = objects.some((object) => object.bytes > LARGEST_OBJECT_BYTES);
  if (isLarge || objects.length === MOST_OBJECTS || bytes > LARGEST_BYTES) return tooLarge(head);
  const pieces: Uint8Array[] = [];
  let size = 0;
  let text = "";
  const compress = (): void => {
    const piece = gzip(text);
    pieces.push(piece);
    size += piece.length;
    text = "";
  };
  for await (const line of exportLines(store, head)) {
    text += `${JSON.stringify(line)}\n`;
    if (text.length >= PIECE) compress();
    if (size > LARGEST_BYTES) return tooLarge(head);
  }
  compress();
  const content = Buffer.concat(pieces);
  await persistently(() => archive.putObject(archiveKey(head), content));
  return undefined;
}

function tooLarge({ executionId }: ClosedHead): Refused {
  return {
    do: "refuse",
    refusal: "archive",
    why: `its values are too large to be archived here. Export it, then delete it: holdfast export ${executionId}, holdfast delete ${executionId}`,
  };
}
