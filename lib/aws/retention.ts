/** What the construct tells the audit function of retention. */
import type { PayloadCodec } from "../model/codec.js";
import type { Archive } from "../runtime/retention/archive.js";
import type { Retention } from "../runtime/retention/retire.js";
import { sealPayload } from "../store/sealed/boxes.js";
import type { Connection } from "./connection.js";
import { payloadBucket } from "./payload-bucket.js";
import { SettingMissingError } from "./setting-missing-error.js";

/** Whole seconds after an execution's end. Absent or empty: executions are kept for ever. */
export const RETENTION_VARIABLE = "HOLDFAST_RETENTION_SECONDS";

/** Where executions are written down before they are deleted. Absent or empty: nowhere. */
export const ARCHIVE_VARIABLE = "HOLDFAST_ARCHIVE_BUCKET";

/**
 * Undefined when executions are kept for ever.
 * @param codec seals what is archived, as a whole
 */
export function readRetention(
  variables: Readonly<Record<string, string | undefined>>,
  connection: Connection = {},
  codec?: PayloadCodec,
): Retention | undefined {
  const seconds = variables[RETENTION_VARIABLE];
  if (seconds === undefined || seconds === "") return undefined;
  if (!/^[1-9]\d{0,11}$/.test(seconds))
    throw new SettingMissingError(
      `The setting ${RETENTION_VARIABLE} is "${seconds}", which is no number of seconds.`,
      "The DurableFunctions construct sets it, from its prop retention: deploy it again.",
    );
  const bucket = variables[ARCHIVE_VARIABLE];
  const archive =
    bucket === undefined || bucket === "" ? {} : { archive: archiveIn(bucket, connection, codec) };
  return { afterMs: Number(seconds) * 1_000, ...archive };
}

function archiveIn(bucket: string, connection: Connection, codec: PayloadCodec | undefined): Archive {
  const objects = payloadBucket(bucket, connection);
  return {
    putObject: async (key, content) =>
      objects.putObject(key, codec === undefined ? content : await sealPayload(codec, {}, content)),
  };
}
