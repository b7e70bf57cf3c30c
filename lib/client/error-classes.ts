/** The error classes of ours that a recorded error may be of, so that what `result` throws is an `instanceof` them. */
import {
  CancelledError,
  ContextMisuseError,
  CorruptHistoryError,
  CrashLoopError,
  InvalidDefinitionError,
  InvalidDurationError,
  InvalidInputError,
  NonDeterminismError,
  NonDurableAwaitError,
  NonRetryableError,
  PayloadTooLargeError,
  StepInterruptedError,
  StepTimeoutError,
  UnencodableValueError,
  UnknownWorkflowError,
  WaitTimeoutError,
} from "../model/errors.js";
import type { ErrorClass, ErrorClasses } from "../model/value.js";

const OURS: readonly ErrorClass[] = [
  CancelledError,
  ContextMisuseError,
  CorruptHistoryError,
  CrashLoopError,
  InvalidDefinitionError,
  InvalidDurationError,
  InvalidInputError,
  NonDeterminismError,
  NonDurableAwaitError,
  NonRetryableError,
  PayloadTooLargeError,
  StepInterruptedError,
  StepTimeoutError,
  UnencodableValueError,
  UnknownWorkflowError,
  WaitTimeoutError,
];

/** Ours and the user's; the user's win. */
export function errorClasses(users: Iterable<ErrorClass> = []): ErrorClasses {
  return new Map([...OURS, ...users].map((type) => [type.name, type]));
}
