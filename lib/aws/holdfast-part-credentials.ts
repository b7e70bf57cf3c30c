/** All the places where the SDK looks for credentials. A part (`lib/cdk/parts.ts`). */
export { defaultProvider } from "@aws-sdk/credential-provider-node";
