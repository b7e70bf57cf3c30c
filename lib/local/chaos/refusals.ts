/**
 * How each service says that there were too many calls, or that it can't answer now: the names, the status and the protocol that the
 * SDK knows of it, so that its own retries see what they would see on AWS.
 */
import { type Answer, ApiError, jsonAnswer, jsonError } from "../http.js";
import { element, xml } from "../s3/xml.js";
import type { CalledService } from "./settings.js";

interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

const DYNAMODB = "com.amazonaws.dynamodb.v20120810#";
const RATE = "Rate exceeded";
const BROKEN = "We encountered an internal error. Please try again.";
const AWAY: Refusal = {
  code: "ServiceUnavailable",
  status: 503,
  message: "The request has failed due to a temporary failure of the server.",
};

const THROTTLED: Readonly<Record<CalledService, Refusal>> = {
  dynamodb: {
    code: `${DYNAMODB}ProvisionedThroughputExceededException`,
    status: 400,
    message:
      "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
  },
  s3: { code: "SlowDown", status: 503, message: "Please reduce your request rate." },
  sqs: { code: "RequestThrottled", status: 403, message: RATE },
  eventbridge: { code: "ThrottlingException", status: 400, message: RATE },
  scheduler: { code: "ThrottlingException", status: 429, message: RATE },
  lambda: { code: "TooManyRequestsException", status: 429, message: "Rate Exceeded." },
  cloudformation: { code: "Throttling", status: 400, message: RATE },
};

const FAILED: Readonly<Record<CalledService, Refusal>> = {
  dynamodb: { code: `${DYNAMODB}InternalServerError`, status: 500, message: "Internal server error" },
  s3: { code: "InternalError", status: 500, message: BROKEN },
  sqs: { code: "InternalFailure", status: 500, message: BROKEN },
  eventbridge: { code: "InternalException", status: 500, message: BROKEN },
  scheduler: { code: "InternalServerException", status: 500, message: BROKEN },
  lambda: { code: "ServiceException", status: 500, message: BROKEN },
  cloudformation: { code: "InternalFailure", status: 500, message: BROKEN },
};

export const throttledAnswer = (service: CalledService): Answer => refuse(service, THROTTLED[service]);

/** With 500, or with 503. */
export const failedAnswer = (service: CalledService, away: boolean): Answer =>
  refuse(service, away ? AWAY : FAILED[service]);

const refuse = (service: CalledService, { code, status, message }: Refusal): Answer => {
  switch (service) {
    case "s3":
      return {
        status,
        headers: { "content-type": "application/xml" },
        body: xml("Error", element("Code", code) + element("Message", message)),
      };
    case "cloudformation":
      return {
        status,
        headers: { "content-type": "text/xml" },
        body: xml(
          "ErrorResponse",
          `<Error>${element("Type", status < 500 ? "Sender" : "Receiver")}${element("Code", code)}${element("Message", message)}</Error>`,
        ),
      };
    case "sqs":
      return jsonError(new ApiError(code, message, status, code));
    default:
      return jsonError(new ApiError(code, message, status));
  }
};

/** DynamoDB's answer to a transaction one of whose items takes part in another one that has not ended. */
export const conflictAnswer = (input: unknown): Answer => {
  const items: unknown = Reflect.get(Object(input), "TransactItems");
  // The first of them met the other transaction; the others were not looked at.
  const reasons = (Array.isArray(items) ? items : [items]).map((_item, index) =>
    index === 0
      ? { Code: "TransactionConflict", Message: "Transaction is ongoing for the item" }
      : { Code: "None" },
  );
  return jsonAnswer(
    {
      __type: `${DYNAMODB}TransactionCanceledException`,
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(", ")}]`,
      CancellationReasons: reasons,
    },
    400,
  );
};
