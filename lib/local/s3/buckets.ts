/** The buckets of one cloud, and what S3 itself knows of an object: its tag and its checksum. */
import { createHash } from "node:crypto";
import type { Objects } from "./objects.js";

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
}

/** Of an object that was put in one piece. */
export const etagOf = (content: Buffer): string => `"${createHash("md5").update(content).digest("hex")}"`;
