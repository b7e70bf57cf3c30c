/** A codec whose answers come in time, and whose failures are told apart: those that pass, and those that are for good. */
import type { PayloadCodec } from "../../model/codec.js";
import { CodecError } from "../../model/sealed-error.js";

/** A call of KMS takes some 10 ms, and with all the SDK's retries a few seconds. */
const WITHIN_MS = 10_000;

/** What networks and services say of themselves, and not of what they were asked. */
const PASSING =
  /throttl|toomanyrequests|timeout|timedout|unavailable|internal|network|abort|fetch failed|socket/i;
const NETWORK = /^E[A-Z_]+$/;

/** What it can't seal fails the write, and is tried again with it. What it can't open stays sealed, unless the failure may pass. */
export function guarded(codec: PayloadCodec): PayloadCodec {
  return {
    id: codec.id,
    seal: async (plain, place) => {
      try {
        return await inTime(codec.id, async () => codec.seal(plain, place));
      } catch (error) {
        throw error instanceof CodecError ? error : new CodecError(codec.id, "did not seal", error);
      }
    },
    open: async (sealed, place, id) => {
      try {
        return await inTime(codec.id, async () => codec.open(sealed, place, id));
      } catch (error) {
        if (error instanceof CodecError || !mayPass(error)) throw error;
        throw new CodecError(codec.id, "did not open", error);
      }
    },
  };
}

async function inTime<T>(codec: string, call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CodecError(codec, `did not answer within ${WITHIN_MS} ms`)),
      WITHIN_MS,
    );
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, cause, code, $metadata: metadata }: Told = error;
  const status = metadata?.httpStatusCode ?? 0;
  return (
    status >= 500 ||
    status === 429 ||
    PASSING.test(name) ||
    PASSING.test(message) ||
    NETWORK.test(code ?? "") ||
    mayPass(cause)
  );
}

/** What errors of the SDK, and of the network, have. */
interface Told extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}
