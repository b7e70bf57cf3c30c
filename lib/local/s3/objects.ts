/** Where the local S3 keeps its objects: by bucket and key, each replaced whole. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

export interface Objects {
  read(bucket: string, key: string): Promise<Buffer | undefined>;
  write(bucket: string, key: string, content: Buffer): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  /** All of a bucket, in no order. */
  list(bucket: string): Promise<ListedObject[]>;
}

export const objectsInMemory = (): Objects => {
  const kept = new Map<string, Buffer>();
  const name = (bucket: string, key: string): string => `${bucket}/${key}`;
  return {
    read: async (bucket, key) => kept.get(name(bucket, key)),
    write: async (bucket, key, content) => void kept.set(name(bucket, key), content),
    remove: async (bucket, key) => void kept.delete(name(bucket, key)),
    list: async (bucket) =>
      [...kept]
        .filter(([path]) => path.startsWith(name(bucket, "")))
        .map(([path, content]) => ({ key: path.slice(bucket.length + 1), bytes: content.length })),
  };
};

/** Beside each object, in a file of the same name, its key. */
const KEY = ".key";

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
      // Before the object: one that is there can be listed.
      await writeFile(path + KEY, key);
      // Whole or not at all, and two writers of one key don't share a half-written file.
      const unfinished = `${path}.${++writes}.new`;
      await writeFile(unfinished, content);
      await rename(unfinished, path);
    },
    remove: async (bucket, key) => {
      await rm(file(bucket, key), { force: true });
      await rm(file(bucket, key) + KEY, { force: true });
    },
    list: async (bucket) => {
      const names = await readdir(join(directory, bucket)).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
      const found = await Promise.all(
        names
          .filter((name) => name.endsWith(KEY))
          .map(async (name): Promise<ListedObject | undefined> => {
            try {
              const path = join(directory, bucket, name);
              const { size } = await stat(path.slice(0, -KEY.length));
              return { key: await readFile(path, "utf8"), bytes: size };
            } catch (error) {
              // Its object is not written yet, or is gone.
              if (isMissing(error)) return undefined;
              throw error;
            }
          }),
      );
      return found.filter((one) => one !== undefined);
    },
  };
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
