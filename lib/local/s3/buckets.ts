/** The buckets of one cloud, and what S3 itself knows of an object: its tag and its checksum. */
import { createHash } from "node:crypto";
import type { ListedObject, Objects } from "./objects.js";

export interface Listing {
  /** In the order of their keys' bytes. */
  readonly objects: readonly ListedObject[];
  readonly truncated: boolean;
}

export class Buckets {
  private readonly names = new Set<string>();

  constructor(private readonly objects: Objects) {}

  create(name: string): void {
    this.names.add(name);
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  get(bucket: string, key: string): Promise<Buffer | undefined> {
    return this.objects.read(bucket, key);
  }

  put(bucket: string, key: string, content: Buffer): Promise<void> {
    return this.objects.write(bucket, key, content);
  }

  delete(bucket: string, key: string): Promise<void> {
    return this.objects.remove(bucket, key);
  }

  /** Those whose keys begin with `prefix` and come after `after`, at most `limit` of them. */
  async list(bucket: string, prefix: string, after: string, limit: number): Promise<Listing> {
    const all = await this.objects.list(bucket);
    const found = all
      .filter(({ key }) => key.startsWith(prefix) && (after === "" || inBytes(key, after) > 0))
      .sort((one, other) => inBytes(one.key, other.key));
    return { objects: found.slice(0, limit), truncated: found.length > limit };
  }
}

const inBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Of an object that was put in one piece. */
export const etagOf = (content: Buffer): string => `"${createHash("md5").update(content).digest("hex")}"`;
