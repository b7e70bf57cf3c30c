/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles of functions (`lib/cdk/bundle.ts`): Lambda hands a function the credentials of
 * its role in its environment. All the other places where the SDK would look are more code than a client, and are loaded where the
 * environment has none, or names a profile.
 */
import type { defaultProvider as original } from "@aws-sdk/credential-provider-node";
import { once } from "./once.js";

type Provider = ReturnType<typeof original>;
type Credentials = Awaited<ReturnType<Provider>>;

export function defaultProvider(init: Parameters<typeof original>[0] = {}): Provider {
  // One for all calls: it keeps what it found until that expires, and joins those who ask at once.
  const everywhere = once(async () => {
    const part = await import("./holdfast-part-credentials.js");
    return part.defaultProvider(init);
  });
  return async (options) => {
    const profile = init.profile ?? process.env.AWS_PROFILE;
    const given = profile ? undefined : credentialsIn(process.env);
    return given ?? (await everywhere())(options);
  };
}

/** The variables are the SDK's (`fromEnv`). Lambda sets the first three. */
function credentialsIn(variables: NodeJS.ProcessEnv): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
  if (!accessKeyId || !secretAccessKey) return undefined;
  const { AWS_SESSION_TOKEN: sessionToken, AWS_CREDENTIAL_EXPIRATION: expiration } = variables;
  const { AWS_CREDENTIAL_SCOPE: credentialScope, AWS_ACCOUNT_ID: accountId } = variables;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken ? { sessionToken } : {}),
    ...(expiration ? { expiration: new Date(expiration) } : {}),
    ...(credentialScope ? { credentialScope } : {}),
    ...(accountId ? { accountId } : {}),
  };
}

/** As in the original, which exports them, too. */
export const credentialsWillNeedRefresh = (credentials: Credentials): boolean =>
  credentials.expiration !== undefined;

const EARLY_MS = 300_000;

export const credentialsTreatedAsExpired = ({ expiration }: Credentials): boolean =>
  expiration !== undefined && expiration.getTime() - Date.now() < EARLY_MS;
