/**
 * The content of an upload. SDKs send it as it is, with its checksum in a header, or in chunks with the checksum behind the last one
 * (`aws-chunked`), when they compute it while they send. Either way what arrived is checked, as S3 does.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { ownOf } from "../../model/own.js";
import { ApiError, type Request } from "../http.js";

export const readUpload = ({ headers, body }: Request): Buffer => {
  const chunked = headers
    .get("content-encoding")
    ?.split(",")
    .some((coding) => coding.trim() === "aws-chunked");
  const { content, trailers } = chunked === true ? readChunks(body) : { content: body, trailers: new Map() };
  for (const [name, value] of [...headers, ...trailers]) checkSum(name, value, content);
  const length = headers.get("x-amz-decoded-content-length");
  if (length !== undefined && Number(length) !== content.length)
    throw new ApiError(
      "IncompleteBody",
      `The request says that its content has ${length} bytes, and ${content.length} arrived.`,
    );
  return content;
};

/** `<size in hex>[;chunk-signature=…]\r\n<bytes>\r\n`, a chunk of size 0, then trailing headers and an empty line. */
const readChunks = (body: Buffer): { content: Buffer; trailers: Map<string, string> } => {
  const chunks: Buffer[] = [];
  let at = 0;
  const line = (): string => {
    const end = body.indexOf("\r\n", at);
    if (end < 0) throw new ApiError("IncompleteBody", "The chunks of the request's body end too early.");
    const text = body.toString("latin1", at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const size = Number.parseInt(line(), 16);
    if (Number.isNaN(size) || at + size > body.length)
      throw new ApiError("IncompleteBody", "A chunk of the request's body is not what its size says.");
    if (size === 0) break;
    chunks.push(body.subarray(at, at + size));
    at += size;
    line();
  }
  const trailers = new Map<string, string>();
  for (let text = at < body.length ? line() : ""; text !== ""; text = at < body.length ? line() : "") {
    const colon = text.indexOf(":");
    trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
  }
  return { content: Buffer.concat(chunks), trailers };
};

export const crc32Of = (content: Buffer): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(content));
  return bytes.toString("base64");
};

const SUMS: Readonly<Record<string, (content: Buffer) => string>> = {
  "content-md5": (content) => createHash("md5").update(content).digest("base64"),
  "x-amz-checksum-crc32": crc32Of,
  "x-amz-checksum-sha1": (content) => createHash("sha1").update(content).digest("base64"),
  "x-amz-checksum-sha256": (content) => createHash("sha256").update(content).digest("base64"),
};

const checkSum = (name: string, value: string, content: Buffer): void => {
  if (name === "x-amz-checksum-crc32c" || name === "x-amz-checksum-crc64nvme")
    throw new ApiError("NotImplemented", `The local S3 can't check ${name}; use CRC32, SHA1 or SHA256.`, 501);
  const found = ownOf(SUMS, name)?.(content);
  if (found !== undefined && found !== value)
    throw new ApiError("BadDigest", `The ${name} of what arrived is ${found}, and should be ${value}.`);
};
