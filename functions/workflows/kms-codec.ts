/**
 * Envelope encryption with AWS KMS: each process has a data key of its own for an hour, with which values are sealed (AES-256-GCM); beside each lies the
 * data key, encrypted by KMS. The place of a value is authenticated: what is sealed for one execution opens in no other.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import type { PayloadCodec, SealedPlace } from "holdfast";

interface DataKey {
  readonly plain: Uint8Array;
  /** As only KMS reads it. */
  readonly encrypted: Uint8Array;
  readonly until: number;
}

/** Far fewer than the 2^32 values after which random nonces of one key might meet. */
const KEY_LIVES_MS = 3_600_000;
/** Data keys of other processes, opened by KMS before: a call less for each value. */
const MOST_OPENED = 1_000;

/** @param keyId the id, ARN or alias of a symmetric KMS key. The functions need `kms:GenerateDataKey` and `kms:Decrypt` on it; so does a client. */
export function kmsCodec(keyId: string, client: KMSClient = new KMSClient()): PayloadCodec {
  let own: Promise<DataKey> | undefined;
  const opened = new Map<string, Promise<Uint8Array>>();

  async function generate(): Promise<DataKey> {
    const { Plaintext: plain, CiphertextBlob: encrypted } = await client.send(
      new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: "AES_256" }),
    );
    if (plain === undefined || encrypted === undefined) throw new Error("KMS gave no data key.");
    return { plain, encrypted, until: Date.now() + KEY_LIVES_MS };
  }

  async function ownKey(): Promise<DataKey> {
    const key = await own?.catch(() => undefined);
    if (key !== undefined && key.until > Date.now()) return key;
    own = generate();
    return own;
  }

  async function decrypt(encrypted: Uint8Array): Promise<Uint8Array> {
    const { Plaintext: plain } = await client.send(new DecryptCommand({ CiphertextBlob: encrypted }));
    if (plain === undefined) throw new Error("KMS gave no plain data key.");
    return plain;
  }

  function keyFor(encrypted: Uint8Array): Promise<Uint8Array> {
    const name = Buffer.from(encrypted).toString("base64");
    const known = opened.get(name);
    if (known !== undefined) return known;
    const key = decrypt(encrypted);
    if (opened.size >= MOST_OPENED) opened.delete([...opened.keys()][0] ?? "");
    opened.set(name, key);
    // A refusal is not kept: the next value asks again.
    key.catch(() => opened.delete(name));
    return key;
  }

  return {
    id: "kms-1",
    async seal(plain, place) {
      const key = await ownKey();
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key.plain, nonce).setAAD(nameOf(place));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(key.encrypted.length);
      return Buffer.concat([length, key.encrypted, nonce, cipher.getAuthTag(), sealed]);
    },
    async open(sealed, place) {
      const bytes = Buffer.from(sealed);
      const from = 2 + bytes.readUInt16BE(0);
      const key = await keyFor(bytes.subarray(2, from));
      const nonce = bytes.subarray(from, from + 12);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(nameOf(place));
      decipher.setAuthTag(bytes.subarray(from + 12, from + 28));
      return Buffer.concat([decipher.update(bytes.subarray(from + 28)), decipher.final()]);
    },
  };
}

function nameOf({ executionId = "" }: SealedPlace): Buffer {
  return Buffer.from(executionId);
}
