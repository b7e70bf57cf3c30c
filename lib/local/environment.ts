/** The variables that point an unmodified AWS SDK, and Holdfast's own clock, at the local cloud. */
import { REGION } from "./arn.js";
import type { ClockSettings } from "./clock.js";

const AT_THE_GATEWAY = ["S3", "SQS", "EVENTBRIDGE", "SCHEDULER", "LAMBDA", "CLOUDFORMATION", "STS"];

/** By variable: each service of its own, and everything else at the gateway too, so that nothing reaches AWS. */
export const endpointVariables = (gateway: string, dynamodb: string): Record<string, string> => ({
  ...Object.fromEntries(AT_THE_GATEWAY.map((service) => [`AWS_ENDPOINT_URL_${service}`, gateway])),
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  AWS_ENDPOINT_URL_DYNAMODB_STREAMS: process.env.AWS_ENDPOINT_URL_DYNAMODB_STREAMS ?? dynamodb,
  AWS_ENDPOINT_URL: gateway,
});

export const environmentOf = (
  endpoints: Readonly<Record<string, string>>,
  accessKeyId: string,
  clock: ClockSettings,
): Record<string, string> => ({
  ...endpoints,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: "local",
  // A laptop has no instance metadata, and asking for it takes seconds.
  AWS_EC2_METADATA_DISABLED: "true",
  HOLDFAST_TIME_SCALE: String(clock.scale),
  HOLDFAST_TIME_ORIGIN: String(clock.originMs),
});
