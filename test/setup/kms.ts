/** What KMS answers, which is not here: an encrypted data key is a name of the plain one. */
import { randomBytes } from "node:crypto";
import {
  type DecryptCommandInput,
  type DecryptCommandOutput,
  type GenerateDataKeyCommandInput,
  type GenerateDataKeyCommandOutput,
  NotFoundException,
} from "@aws-sdk/client-kms";

type Answered<Output> = Promise<Omit<Output, "$metadata">>;

export interface KmsAnswers {
  generated(input: GenerateDataKeyCommandInput): Answered<GenerateDataKeyCommandOutput>;
  decrypted(input: DecryptCommandInput): Answered<DecryptCommandOutput>;
}

/** @param keys those that there are: ids, ARNs or aliases */
export function answersOfKms(...keys: readonly string[]): KmsAnswers {
  const dataKeys = new Map<string, Uint8Array>();
  const nameOf = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString("hex");
  return {
    async generated({ KeyId: key = "" }) {
      if (!keys.includes(key)) throw new NotFoundException({ message: `no key ${key}`, $metadata: {} });
      const [plain, encrypted] = [randomBytes(32), randomBytes(184)];
      dataKeys.set(nameOf(encrypted), plain);
      return { Plaintext: plain, CiphertextBlob: encrypted };
    },
    decrypted: async ({ CiphertextBlob: encrypted }) => ({ Plaintext: dataKeys.get(nameOf(encrypted)) }),
  };
}
