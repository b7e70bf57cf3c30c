/** `AWS::S3::Bucket`. */
import type { ReportIgnored } from "../plan.js";
import type { Resource } from "../resources.js";
import { account } from "./properties.js";

export interface BucketSpec {
  readonly name: string;
}

const USED = ["BucketName"];

/** Who may reach it, how it is encrypted, and how long old versions stay: what a function can't see. */
const HARMLESS = [
  "AbacStatus",
  "BucketEncryption",
  "LifecycleConfiguration",
  "OwnershipControls",
  "PublicAccessBlockConfiguration",
  "Tags",
  "VersioningConfiguration",
];

export const readBucket = (resource: Resource, report: ReportIgnored): BucketSpec => {
  account(resource, { used: USED, harmless: HARMLESS }, report);
  return { name: resource.identity.name };
};
