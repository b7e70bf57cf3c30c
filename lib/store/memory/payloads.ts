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
  };
}
