/** Of S3's client, what this folder's neighbours use. A part (`lib/cdk/parts.ts`). */
export {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
