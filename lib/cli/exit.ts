/**
 * How the command ends.
 *
 * | code | means                                                                                                   |
 * |------|---------------------------------------------------------------------------------------------------------|
 * | 0    | done                                                                                                    |
 * | 1    | an error; one of many failed; nobody said yes; a look found something wrong; it ended, but not completed |
 * | 2    | the command line or the input is wrong: nothing was asked of the deployment                             |
 * | 3    | there is no such execution or schedule                                                                  |
 * | 4    | it exists already, is closed, or has nothing to go on from                                              |
 * | 5    | the time to wait was over first                                                                         |
 * | 130  | interrupted before the end that was waited for                                                          |
 */
import { HoldfastError } from "../model/errors.js";
import { ownOf } from "../model/own.js";

export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  timeout: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is wrong in a way that its parser can't see. */
export class UsageError extends HoldfastError {
  readonly code = "USAGE";
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

const CODES: Readonly<Record<string, ExitCode>> = {
  UsageError: EXIT.usage,
  InvalidChaosError: EXIT.usage,
  InvalidInputError: EXIT.usage,
  PayloadTooLargeError: EXIT.usage,
  InvalidDurationError: EXIT.usage,
  InvalidDefinitionError: EXIT.usage,
  UnknownWorkflowError: EXIT.usage,
  InvalidCallbackTokenError: EXIT.usage,
  UnencodableValueError: EXIT.usage,
  NotAPipelineError: EXIT.usage,
  ExecutionNotFoundError: EXIT.notFound,
  DefinitionNotFoundError: EXIT.notFound,
  ScheduleNotFoundError: EXIT.notFound,
  ExecutionConflictError: EXIT.conflict,
  ExecutionClosedError: EXIT.conflict,
  InvalidControlError: EXIT.conflict,
  ExecutionDeletedError: EXIT.conflict,
  NotDeletableError: EXIT.conflict,
  NotPinnedError: EXIT.conflict,
  NotSentBackError: EXIT.conflict,
  PipelineControlError: EXIT.conflict,
  ResultTimeoutError: EXIT.timeout,
};

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Error ? (ownOf(CODES, error.name) ?? EXIT.error) : EXIT.error;
}

/** What a person is told of an error: no stack, and of the SDK's errors what to do about them. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof HoldfastError) return error.message;
  const advice = ADVICE.find(({ fits }) => fits.test(`${error.name} ${codeOf(error)} ${error.message}`));
  const what = error.message === "" ? codeOf(error) || error.name : error.message;
  const named = error.name === "Error" || what.includes("\n") ? what : `${error.name}: ${what}`;
  return advice === undefined ? named : `${named}\n${advice.next}`;
}

function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : "";
}

const ADVICE: readonly { readonly fits: RegExp; readonly next: string }[] = [
  {
    fits: /CredentialsProviderError|Could not load credentials/,
    next: "Sign in to AWS first (AWS_PROFILE, or --profile), or start a local cloud with: holdfast dev",
  },
  {
    fits: /Region is missing/,
    next: "Say where the stack is (AWS_REGION, or --region), or start a local cloud with: holdfast dev",
  },
  {
    fits: /ExpiredToken|InvalidClientTokenId|UnrecognizedClient/,
    next: "The AWS credentials are not valid any more. Sign in again.",
  },
  {
    fits: /AccessDenied|not authorized/i,
    next: "The AWS identity in use may not do this. The construct's grantClient(...) and grantStart(...) give what the command needs, beside cloudformation:DescribeStacks on the stack.",
  },
  {
    fits: /ECONNREFUSED|ENOTFOUND|TimeoutError/,
    next: "Nobody answered. Check the network, the region, and whether the local cloud still runs.",
  },
];
