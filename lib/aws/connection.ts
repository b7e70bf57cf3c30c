/**
 * How the SDK's clients are made: who answers, and how long we wait. What is left out is found as the SDK finds it (profile, region and
 * endpoint variables, the role of a function).
 */

export type AwsService =
  | "dynamodb"
  | "s3"
  | "sqs"
  | "scheduler"
  | "eventbridge"
  | "lambda"
  | "cloudformation";

export interface Connection {
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly endpoints?: Readonly<Partial<Record<AwsService, string>>>;
}

/** A call in the same region takes 5 to 50 ms; a connection that takes longer than this has met a dead host, and the next try another. */
const CONNECT_WITHIN_MS = 1_000;

/** Without it a lost packet holds an invocation until it is killed. The slowest of our calls are a page of 1 MB and ten entries. */
const ANSWER_WITHIN_MS = 5_000;

/** The first call and three repeats with backoff, a second in all: throttling passes in that time, and an outage is left to the wake. */
const TRIES = 4;

const SERVICES: readonly AwsService[] = [
  "dynamodb",
  "s3",
  "sqs",
  "scheduler",
  "eventbridge",
  "lambda",
  "cloudformation",
];

/** The settings of one service's client. Connections are kept alive by default. */
export function clientSettings(service: AwsService, connection: Connection = {}) {
  keepQuietAboutNode();
  const endpoint = connection.endpoints?.[service];
  return {
    maxAttempts: TRIES,
    requestHandler: {
      connectionTimeout: CONNECT_WITHIN_MS,
      requestTimeout: ANSWER_WITHIN_MS,
      throwOnRequestTimeout: true,
    },
    ...(connection.region === undefined ? {} : { region: connection.region }),
    ...(connection.credentials === undefined ? {} : { credentials: connection.credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

/** A connection to what `AWS_…` variables name, for a process whose own environment names something else. */
export function connectionFrom(variables: Readonly<Record<string, string>>): Connection {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = variables;
  const endpoints = SERVICES.flatMap((service) => {
    const endpoint = variables[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? variables.AWS_ENDPOINT_URL;
    return endpoint === undefined ? [] : [[service, endpoint] as const];
  });
  return {
    ...(region === undefined ? {} : { region }),
    ...(id === undefined || secret === undefined
      ? {}
      : { credentials: { accessKeyId: id, secretAccessKey: secret } }),
    endpoints: Object.fromEntries(endpoints),
  };
}

/**
 * The SDK warns everybody on Node 20 to upgrade, once a process, on a screen or in a log that is not its own. Holdfast says itself which
 * Node it needs (`engines`); the SDK's own switch is used, and whoever has set it decides.
 */
function keepQuietAboutNode(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
}
