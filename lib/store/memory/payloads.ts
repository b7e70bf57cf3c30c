/** Objects, in memory. */
import type { PayloadStore } from "../ports.js";

export function createMemoryPayloads(): PayloadStore {
  const objects = new Map<string, Uint8Array>();
  return {
    async putObject(key, content) {
      objects.set(key, Uint8Array.from(content));
    },

    async getObject(key) {
      const content = objects.get(key);
      return content && Uint8Array.from(content);
    },

    async listObjects(prefix, limit) {
      return [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, content]) => ({ key, bytes: content.length }))
        .sort((one, other) => (one.key < other.key ? -1 : 1))
        .slice(0, limit);
    },

    async deleteObjects(keys) {
      for (const key of keys) objects.delete(key);
    },
  };
}
