/** Large payloads as objects of an S3 bucket. */
import type {
  DeleteObjectsCommandInput,
  GetObjectCommandInput,
  ListObjectsV2CommandInput,
  PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import type { PayloadStore } from "../store/ports.js";
import { type Connection, clientSettings } from "./connection.js";
import { once } from "./once.js";

/** 32 MB at 10 Mbit/s, which a small function may be down to, and S3's own time. */
const ANSWER_WITHIN_MS = 30_000;

export function putObjectParams(bucket: string, key: string, content: Uint8Array): PutObjectCommandInput {
  return { Bucket: bucket, Key: key, Body: content, ContentType: "application/octet-stream" };
}

export function getObjectParams(bucket: string, key: string): GetObjectCommandInput {
  return { Bucket: bucket, Key: key };
}

export function listObjectsParams(bucket: string, prefix: string, limit: number): ListObjectsV2CommandInput {
  return { Bucket: bucket, Prefix: prefix, MaxKeys: limit };
}

/** Quiet: only what could not be deleted is answered. */
export function deleteObjectsParams(bucket: string, keys: readonly string[]): DeleteObjectsCommandInput {
  return { Bucket: bucket, Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true } };
}

export function payloadBucket(bucket: string, connection: Connection, given?: S3Client): PayloadStore {
  const open = once(async () => {
    const s3 = await import("./holdfast-part-s3.js");
    return { s3, client: given ?? new s3.S3Client(settingsOf(connection)) };
  });
  return {
    async putObject(key, content) {
      const { client, s3 } = await open();
      await client.send(new s3.PutObjectCommand(putObjectParams(bucket, key, content)));
    },

    async getObject(key) {
      const { client, s3 } = await open();
      try {
        const { Body: body } = await client.send(new s3.GetObjectCommand(getObjectParams(bucket, key)));
        return await body?.transformToByteArray();
      } catch (error) {
        // Only with the permission to list does S3 say so; without it, it says AccessDenied.
        if (error instanceof s3.NoSuchKey) return undefined;
        throw error;
      }
    },

    async listObjects(prefix, limit) {
      const { client, s3 } = await open();
      const { Contents = [] } = await client.send(
        new s3.ListObjectsV2Command(listObjectsParams(bucket, prefix, limit)),
      );
      return Contents.flatMap(({ Key: key, Size: bytes = 0 }) => (key === undefined ? [] : [{ key, bytes }]));
    },

    async deleteObjects(keys) {
      if (keys.length === 0) return;
      const { client, s3 } = await open();
      const { Errors = [] } = await client.send(
        new s3.DeleteObjectsCommand(deleteObjectsParams(bucket, keys)),
      );
      const [first] = Errors;
      if (first !== undefined)
        throw new Error(
          `${Errors.length} of ${keys.length} objects of the bucket ${bucket} could not be deleted, the first of them "${first.Key}": ${first.Code}: ${first.Message}`,
        );
    },
  };
}

function settingsOf(connection: Connection) {
  const settings = clientSettings("s3", connection);
  return { ...settings, requestHandler: { ...settings.requestHandler, requestTimeout: ANSWER_WITHIN_MS } };
}
