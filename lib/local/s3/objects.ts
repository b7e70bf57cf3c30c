/** Where the local S3 keeps its objects: by bucket and key, each replaced whole. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface Objects {
  read(bucket: string, key: string): Promise<Buffer | undefined>;
  write(bucket: string, key: string, content: Buffer): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
}

export const objectsInMemory = (): Objects => {
  const kept = new Map<string, Buffer>();
  const name = (bucket: string, key: string): string => `${bucket}/${key}`;
  return {
    read: async (bucket, key) => kept.get(name(bucket, key)),
    write: async (bucket, key, content) => void kept.set(name(bucket, key), content),
    remove: async (bucket, key) => void kept.delete(name(bucket, key)),
  };
};

/** A file per object, named by a digest: a key may be longer than a file's name, and mean something to the file system. */
export const objectsOnDisk = (directory: string): Objects => {
  let writes = 0;
  const file = (bucket: string, key: string): string =>
    join(directory, bucket, createHash("sha256").update(key).digest("hex"));
  return {
    read: async (bucket, key) => {
      try {
        return await readFile(file(bucket, key));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    write: async (bucket, key, content) => {
      const path = file(bucket, key);
      await mkdir(join(directory, bucket), { recursive: true });
      // Whole or not at all, and two writers of one key don't share a half-written file.
      const unfinished = `${path}.${++writes}.new`;
      await writeFile(unfinished, content);
      await rename(unfinished, path);
    },
    remove: (bucket, key) => rm(file(bucket, key), { force: true }),
  };
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
