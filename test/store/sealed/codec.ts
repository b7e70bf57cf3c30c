/** Codecs for tests. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { PayloadCodec, SealedPlace } from "holdfast";

/** Real encryption with a key of the process's own: another nonce, and so another text, each time; bound to its place. */
export function testCodec(id = "test-1"): PayloadCodec {
  const key = randomBytes(32);
  const nameOf = ({ executionId = "" }: SealedPlace): Buffer => Buffer.from(executionId);
  return {
    id,
    seal(plain, place) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(nameOf(place));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    async open(sealed, place, by) {
      if (by !== id) throw new Error(`This is ${id}, and not ${by}.`);
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12)).setAAD(nameOf(place));
      decipher.setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
    },
  };
}
