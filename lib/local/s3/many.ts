/** What S3 does with many objects at once: `ListObjectsV2` and `DeleteObjects`. */
import { type Answer, ApiError, type Request } from "../http.js";
import type { Buckets } from "./buckets.js";
import { readUpload } from "./upload.js";
import { element, textsOf, xml } from "./xml.js";

/** S3's own limit for one list, and for one deletion. */
const MOST_KEYS = 1_000;

export const listObjects = async ({ query }: Request, buckets: Buckets, bucket: string): Promise<Answer> => {
  const limit = Math.min(MOST_KEYS, wholeNumber(query.get("max-keys") ?? String(MOST_KEYS)));
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : keyOf(token);
  const prefix = query.get("prefix") ?? "";
  const { objects, truncated } = await buckets.list(bucket, prefix, after, limit);
  const last = objects.at(-1)?.key;
  return answer(
    xml(
      "ListBucketResult",
      element("Name", bucket) +
        element("Prefix", prefix) +
        element("KeyCount", objects.length) +
        element("MaxKeys", limit) +
        element("IsTruncated", truncated) +
        (truncated && last !== undefined ? element("NextContinuationToken", tokenOf(last)) : "") +
        objects
          .map(({ key, bytes }) => `<Contents>${element("Key", key)}${element("Size", bytes)}</Contents>`)
          .join(""),
    ),
  );
};

export const deleteObjects = async (request: Request, buckets: Buckets, bucket: string): Promise<Answer> => {
  const document = readUpload(request).toString();
  const keys = textsOf("Key", document);
  if (keys.length === 0 || keys.length > MOST_KEYS)
    throw new ApiError(
      "MalformedXML",
      `A deletion names 1 to ${MOST_KEYS} objects, and this one ${keys.length}.`,
    );
  for (const key of keys) await buckets.delete(bucket, key);
  const quiet = textsOf("Quiet", document)[0] === "true";
  const deleted = quiet ? [] : keys.map((key) => `<Deleted>${element("Key", key)}</Deleted>`);
  return answer(xml("DeleteResult", deleted.join("")));
};

const answer = (body: string): Answer => ({
  status: 200,
  headers: { "content-type": "application/xml" },
  body,
});

const wholeNumber = (text: string): number => {
  if (/^\d+$/.test(text)) return Number(text);
  throw new ApiError("InvalidArgument", `"${text}" is no number of keys.`);
};

/** Opaque to who gets it. */
const tokenOf = (key: string): string => Buffer.from(key).toString("base64url");
const keyOf = (token: string): string => Buffer.from(token, "base64url").toString();
