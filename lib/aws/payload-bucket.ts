/** Large payloads as objects of an S3 bucket. */
import {
  DeleteObjectsCommand,
  type DeleteObjectsCommandInput,
  GetObjectCommand,
  type GetObjectCommandInput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  NoSuchKey,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import type { PayloadStore } from "../store/ports.js";
import { type Connection, clientSettings } from "./connection.js";

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

export function payloadBucket(
  bucket: string,
  connection: Connection,
  client: S3Client = clientOf(connection),
): PayloadStore {
  return {
    async putObject(key, content) {
      await client.send(new PutObjectCommand(putObjectParams(bucket, key, content)));
    },

    async getObject(key) {
      try {
        const { Body: body } = await client.send(new GetObjectCommand(getObjectParams(bucket, key)));
        return await body?.transformToByteArray();
      } catch (error) {
        // Only with the permission to list does S3 say so; without it, it says AccessDenied.
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },

    async listObjects(prefix, limit) {
      const { Contents = [] } = await client.send(
        new ListObjectsV2Command(listObjectsParams(bucket, prefix, limit)),
      );
      return Contents.flatMap(({ Key: key, Size: bytes = 0 }) => (key === undefined ? [] : [{ key, bytes }]));
    },

    async deleteObjects(keys) {
      if (keys.length === 0) return;
      const { Errors = [] } = await client.send(new DeleteObjectsCommand(deleteObjectsParams(bucket, keys)));
      const [first] = Errors;
      if (first !== undefined)
        throw new Error(
          `${Errors.length} of ${keys.length} objects of the bucket ${bucket} could not be deleted, the first of them "${first.Key}": ${first.Code}: ${first.Message}`,
        );
    },
  };
}

function clientOf(connection: Connection): S3Client {
  const settings = clientSettings("s3", connection);
  return new S3Client({
    ...settings,
    requestHandler: { ...settings.requestHandler, requestTimeout: ANSWER_WITHIN_MS },
  });
}
