/** S3 on the wire, as far as single objects, lists of them and their deletion go: REST with XML errors, buckets in the path. Parses, calls, answers. */
import { type Answer, ApiError, type Request } from "../http.js";
import { type Buckets, etagOf } from "./buckets.js";
import { deleteObjects, listObjects } from "./many.js";
import { crc32Of, readUpload } from "./upload.js";
import { element, xml } from "./xml.js";

/** Told by the service that the request was signed for: a path alone could be anybody's. */
export const isS3Request = ({ headers, query }: Request): boolean =>
  /\/s3\/aws4_request/.test(headers.get("authorization") ?? query.get("X-Amz-Credential") ?? "");

export const callS3 = async (request: Request, buckets: Buckets): Promise<Answer> => {
  try {
    return await call(request, buckets);
  } catch (error) {
    if (error instanceof ApiError) return xmlError(error);
    throw error;
  }
};

const call = async (request: Request, buckets: Buckets): Promise<Answer> => {
  const [bucket = "", ...rest] = request.path.slice(1).split("/");
  const key = decodeURIComponent(rest.join("/"));
  // The SDK names the operation in the query, which means nothing; any other name there asks for something that is not here.
  const asked = new Set([...request.query.keys()].filter((name) => name !== "x-id"));
  if (key === "" && asked.size > 0) return callMany(request, buckets, bucket, asked);
  if (asked.size > 0) throw notHere(request);
  return key === "" ? callBucket(request, buckets, bucket) : callObject(request, buckets, bucket, key);
};

const LIST_PARAMETERS = ["list-type", "prefix", "max-keys", "continuation-token", "start-after"];

const callMany = async (
  request: Request,
  buckets: Buckets,
  bucket: string,
  asked: ReadonlySet<string>,
): Promise<Answer> => {
  const { method, query } = request;
  const lists = query.get("list-type") === "2" && [...asked].every((name) => LIST_PARAMETERS.includes(name));
  const deletes = asked.has("delete") && asked.size === 1;
  if (method === "GET" && lists) {
    require(buckets, bucket);
    return listObjects(request, buckets, bucket);
  }
  if (method === "POST" && deletes) {
    require(buckets, bucket);
    return deleteObjects(request, buckets, bucket);
  }
  throw notHere(request);
};

const callBucket = (request: Request, buckets: Buckets, bucket: string): Answer => {
  switch (request.method) {
    case "PUT":
      buckets.create(bucket);
      return { status: 200, headers: { location: `/${bucket}` }, body: "" };
    case "HEAD":
      require(buckets, bucket);
      return { status: 200, body: "" };
    default:
      throw notHere(request);
  }
};

const callObject = async (
  request: Request,
  buckets: Buckets,
  bucket: string,
  key: string,
): Promise<Answer> => {
  require(buckets, bucket);
  switch (request.method) {
    case "PUT": {
      if (request.headers.has("x-amz-copy-source")) throw notHere(request);
      const content = readUpload(request);
      await buckets.put(bucket, key, content);
      return { status: 200, headers: { etag: etagOf(content) }, body: "" };
    }
    case "GET":
    case "HEAD": {
      const content = await buckets.get(bucket, key);
      if (content === undefined)
        throw new ApiError("NoSuchKey", `There is no object "${key}" in the bucket "${bucket}".`, 404);
      const wantsSum = request.headers.get("x-amz-checksum-mode") === "ENABLED";
      return {
        status: 200,
        headers: {
          etag: etagOf(content),
          "content-type": "application/octet-stream",
          ...(wantsSum ? { "x-amz-checksum-crc32": crc32Of(content) } : {}),
        },
        body: content,
      };
    }
    case "DELETE":
      await buckets.delete(bucket, key);
      return { status: 204, body: "" };
    default:
      throw notHere(request);
  }
};

const require = (buckets: Buckets, bucket: string): void => {
  if (!buckets.has(bucket)) throw new ApiError("NoSuchBucket", `There is no bucket "${bucket}".`, 404);
};

const notHere = ({ method, path, query }: Request): ApiError =>
  new ApiError(
    "NotImplemented",
    `The local S3 puts, gets, heads and deletes objects, lists them by prefix, and creates and heads buckets; it can't answer ${method} ${path}${query.size === 0 ? "" : `?${query}`}.`,
    501,
  );

const xmlError = ({ code, message, status }: ApiError): Answer => ({
  status,
  headers: { "content-type": "application/xml" },
  body: xml("Error", element("Code", code) + element("Message", message)),
});
