/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles of functions (`lib/cdk/bundle.ts`): Lambda hands a function the credentials of
 * its role in its environment. All the other places where the SDK would look are more code than a client, and are loaded where the
 * environment has none, or more to say than Lambda says.
 */
import type { defaultProvider as original } from "@aws-sdk/credential-provider-node";

type DefaultProvider = (...init: Parameters<typeof original>) => ReturnType<ReturnType<typeof original>>;

/** Of the SDK: each changes what it does with the rest. */
const MORE = ["AWS_PROFILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_SCOPE", "AWS_ACCOUNT_ID"];

export const defaultProvider =
  (init: Parameters<typeof original>[0] = {}) =>
  async (): ReturnType<DefaultProvider> => {
    const {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    } = process.env;
    const isAll = init.profile === undefined && MORE.every((name) => !process.env[name]);
    if (isAll && accessKeyId && secretAccessKey)
      return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
    const { defaultProvider: everywhere } = await import("./client-part-credentials.js");
    return everywhere(init)();
  };
