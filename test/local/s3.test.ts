/** The local S3, through the SDK's own client. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { payloadBucket } from "../../lib/aws/payload-bucket.js";
import { incompressible } from "../setup/text.js";
import { objectContract } from "../store/contract/payloads.js";
import { assembly, openCloud, ROLE, SEEN, type TestCloud, testCloud } from "./harness.js";

const BUCKET = { Type: "AWS::S3::Bucket", Properties: { VersioningConfiguration: { Status: "Enabled" } } };
const OUTPUTS = {
  Bucket: { Value: { Ref: "Payloads" } },
  Arn: { Value: { "Fn::GetAtt": ["Payloads", "Arn"] } },
};

let t: TestCloud;
let s3: S3Client;
let Bucket: string;
beforeAll(async () => {
  t = await testCloud({ Payloads: BUCKET }, {}, { Outputs: OUTPUTS });
  s3 = clientOf(t);
  Bucket = t.cloud.stacks[0]?.outputs.Bucket ?? "";
});
afterAll(() => t.stop());

function clientOf({ cloud }: TestCloud): S3Client {
  return new S3Client({
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    endpoint: cloud.endpoints.AWS_ENDPOINT_URL_S3 ?? "",
    maxAttempts: 1,
  });
}

const put = (input: Partial<PutObjectCommandInput>) =>
  s3.send(new PutObjectCommand({ Bucket, Key: "key", ...input }));
const get = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray();

describe("a bucket of the template", () => {
  test("has a name as S3 allows it, and its ARN", () => {
    expect(Bucket).toMatch(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);
    expect(t.cloud.stacks[0]?.outputs.Arn).toBe(`arn:aws:s3:::${Bucket}`);
    expect(t.cloud.ignored.filter(({ type }) => type.startsWith("AWS::S3"))).toEqual([]);
  });

  test("is there; another one is not, until it is created", async () => {
    await s3.send(new HeadBucketCommand({ Bucket }));
    await expect(s3.send(new HeadBucketCommand({ Bucket: "another" }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
    await expect(put({ Bucket: "another", Body: "x" })).rejects.toThrow('no bucket "another"');
    await s3.send(new CreateBucketCommand({ Bucket: "another" }));
    await put({ Bucket: "another", Body: "x" });
  });
});

describe("an object", () => {
  test.each(["plain", "a/b//c", "order:1@x/y=z+é %2F", "k".repeat(900)])(
    "comes back under its key: %.40s",
    async (Key) => {
      const content = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      await put({ Key, Body: content });
      expect(Buffer.compare(content, (await get(Key)) ?? new Uint8Array())).toBe(0);
    },
  );

  test("may be empty, and may be replaced", async () => {
    await put({ Body: new Uint8Array() });
    expect(await get("key")).toHaveLength(0);
    await put({ Body: "second" });
    expect(Buffer.from((await get("key")) ?? []).toString()).toBe("second");
  });

  test("of 32 MB comes back whole", async () => {
    const content = Buffer.from(incompressible(1_000_000).repeat(32));
    await put({ Key: "large", Body: content });
    expect(Buffer.compare(content, (await get("large")) ?? new Uint8Array())).toBe(0);
  });

  test("that is sent as a stream comes in chunks, with its checksum behind them", async () => {
    const content = Buffer.from(incompressible(300_000));
    const sent: Record<string, string>[] = [];
    const streaming = clientOf(t);
    streaming.middlewareStack.add(
      (next) => (args) => {
        if ("request" in args && typeof args.request === "object" && args.request !== null)
          sent.push({ ...Object(Reflect.get(args.request, "headers")) });
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    const pieces = Array.from({ length: 6 }, (_, index) =>
      content.subarray(index * 50_000, (index + 1) * 50_000),
    );
    await streaming.send(
      new PutObjectCommand({
        Bucket,
        Key: "streamed",
        Body: Readable.from(pieces),
        ContentLength: content.length,
      }),
    );
    expect(sent.at(-1)).toMatchObject({
      "content-encoding": "aws-chunked",
      "x-amz-trailer": "x-amz-checksum-crc32",
    });
    expect(Buffer.compare(content, (await get("streamed")) ?? new Uint8Array())).toBe(0);
  });

  test("that arrives other than it was sent is refused", async () => {
    await expect(put({ Key: "bad", Body: "x", ChecksumCRC32: "AAAAAA==" })).rejects.toMatchObject({
      name: "BadDigest",
    });
    await expect(get("bad")).rejects.toBeInstanceOf(NoSuchKey);
  });

  test("tells its length and tag, and is gone once it is deleted", async () => {
    await put({ Key: "short-lived", Body: "12345" });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "short-lived" }));
    expect(head).toMatchObject({ ContentLength: 5, ETag: '"827ccb0eea8a706c4c34a16891f84e7b"' });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "short-lived" }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "short-lived" }));
    await expect(get("short-lived")).rejects.toBeInstanceOf(NoSuchKey);
  });

  test("has nothing else: what is not here is refused by name", async () => {
    await expect(s3.send(new GetObjectTaggingCommand({ Bucket, Key: "key" }))).rejects.toMatchObject({
      name: "NotImplemented",
    });
  });
});

describe("many objects", () => {
  const Many = "many";
  // In the order of their bytes; two that only escaping tells apart, one that XML would fold, one of another alphabet.
  const keys = ["a", "a&amp;b", "a&b", "a/1", "a/2", "a\r\nb<c>", "é"].sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  const list = async (input: { Prefix?: string; MaxKeys?: number; StartAfter?: string } = {}) => {
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({
          Bucket: Many,
          ...input,
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        }),
      );
      expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
      expect(page.KeyCount).toBe(page.Contents?.length ?? 0);
      found.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
  };
  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket: Many }));
    for (const Key of keys) await put({ Bucket: Many, Key, Body: "12345" });
  });

  test("are listed in the order of their keys, by prefix, in pages of any size", async () => {
    for (const MaxKeys of [1, 2, 3, 7, 1_000]) expect(await list({ MaxKeys })).toEqual(keys);
    expect(await list({ Prefix: "a/" })).toEqual(["a/1", "a/2"]);
    expect(await list({ Prefix: "a&" })).toEqual(["a&amp;b", "a&b"]);
    expect(await list({ StartAfter: "a/1" })).toEqual(keys.slice(keys.indexOf("a/1") + 1));
    expect(await list({ Prefix: "nothing" })).toEqual([]);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: Many, Prefix: "é" }));
    expect(Contents).toMatchObject([{ Key: "é", Size: 5 }]);
  });

  test("of a bucket that is not there are refused, and so is what is not here", async () => {
    await expect(s3.send(new ListObjectsV2Command({ Bucket: "nowhere" }))).rejects.toThrow(
      'no bucket "nowhere"',
    );
    await expect(s3.send(new ListObjectsV2Command({ Bucket: Many, Delimiter: "/" }))).rejects.toMatchObject({
      name: "NotImplemented",
    });
  });

  test("are deleted at once, whether they are there or not", async () => {
    const Objects = ["a&amp;b", "a\r\nb<c>", "nothing"].map((Key) => ({ Key }));
    const loud = await s3.send(new DeleteObjectsCommand({ Bucket: Many, Delete: { Objects } }));
    expect(loud.Deleted?.map(({ Key }) => Key)).toEqual(Objects.map(({ Key }) => Key));
    const left = keys.filter((key) => !Objects.some(({ Key }) => Key === key));
    expect(await list()).toEqual(left);
    const quiet = await s3.send(
      new DeleteObjectsCommand({
        Bucket: Many,
        Delete: { Objects: left.map((Key) => ({ Key })), Quiet: true },
      }),
    );
    expect(quiet.Deleted).toBeUndefined();
    expect(await list()).toEqual([]);
  });
});

describe("the payload store on it", () => {
  objectContract(() => payloadBucket(Bucket, {}, s3));

  test("finds what it put, and nothing where nothing is", async () => {
    const { cloud } = t;
    const store = payloadBucket(Bucket, {
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      endpoints: { s3: cloud.endpoints.AWS_ENDPOINT_URL_S3 ?? "" },
    });
    await store.putObject("order%3A1/result-x", Uint8Array.from([1, 2, 3]));
    await store.putObject("order%3A1/result-x", Uint8Array.from([1, 2, 3]));
    expect([...((await store.getObject("order%3A1/result-x")) ?? [])]).toEqual([1, 2, 3]);
    expect(await store.getObject("order%3A1/result-y")).toBeUndefined();
  });

  test("fails where the bucket is not there: nobody may take that for a lost payload", async () => {
    const store = payloadBucket("nowhere", {}, s3);
    await expect(store.getObject("x")).rejects.toThrow('no bucket "nowhere"');
  });
});

describe("state on disk", () => {
  test("objects outlive the cloud", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "state-"));
    const templates = assembly({
      App: { Resources: { Seen: SEEN, Role: ROLE, Payloads: BUCKET }, Outputs: OUTPUTS },
    });
    try {
      const first = await openCloud({ templates, stateDir });
      await clientOf(first).send(new PutObjectCommand({ Bucket, Key: "a/b", Body: "kept" }));
      await first.stop();
      const second = await openCloud({ templates, stateDir });
      const { Body } = await clientOf(second).send(new GetObjectCommand({ Bucket, Key: "a/b" }));
      expect(await Body?.transformToString()).toBe("kept");
      const { Contents } = await clientOf(second).send(new ListObjectsV2Command({ Bucket }));
      expect(Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([["a/b", 4]]);
      await clientOf(second).send(new DeleteObjectCommand({ Bucket, Key: "a/b" }));
      expect((await clientOf(second).send(new ListObjectsV2Command({ Bucket }))).Contents).toBeUndefined();
      await second.stop();
    } finally {
      rmSync(stateDir, { recursive: true, force: true });
    }
  });
});
