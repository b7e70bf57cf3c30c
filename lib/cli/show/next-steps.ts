/**
 * The commands that would move an execution, spelled out. The branches are the rows, in this order.
 *
 * | the execution                                              | commands                                            |
 * |------------------------------------------------------------|-----------------------------------------------------|
 * | was continued                                              | show the one that goes on                           |
 * | has ended, some compensations gave up                      | redrive                                             |
 * | failed, and was not undone                                 | redrive, after a deploy that mends it               |
 * | failed, and was undone                                     | history: there is nothing left to go on from        |
 * | has ended, with something left to do                       | doctor: whether worker and audit are at work        |
 * | has ended otherwise                                        | none                                                |
 * | is stalled                                                 | redrive, after a deploy that mends it; terminate    |
 * | is stalled, as the version that it is pinned to is gone    | versions move, before these                         |
 * | is paused                                                  | resume; cancel                                      |
 * | is in a turn                                               | watch                                               |
 * | waits for its owner, for a wake that is late, for messages to be read | doctor                                   |
 * | is a pipeline, and awaits messages, or time                | its picture, which has what frees each stage; cancel |
 * | awaits messages, or time                                   | what brings each of them; cancel                    |
 */
import type { AwaitedOperation } from "../../client/awaited.js";
import type { ExecutionDescription } from "../../client/types.js";
import { callbackToken } from "../../model/callback-token.js";
import { NEXT_CODE } from "../../model/head.js";

export interface NextStep {
  /** As it is typed. */
  readonly command: string;
  readonly what: string;
}

const ARE_AT_WORK = "whether worker, queue and audit are at work";

export function nextSteps(it: ExecutionDescription, isPipeline = false): readonly NextStep[] {
  const id = quoted(it.executionId);
  const { progress } = it;
  const redrive = (what: string): NextStep => ({ command: `holdfast redrive ${id}`, what });
  const doctor = { command: "holdfast doctor", what: ARE_AT_WORK };
  const cancel = { command: `holdfast cancel ${id}`, what: "end it, and undo what it did" };
  switch (progress.moves) {
    case "closed":
      if (it.continuedTo !== undefined)
        return [{ command: `holdfast show ${quoted(it.continuedTo)}`, what: "the execution that goes on" }];
      if (it.compensation === "incomplete") return [redrive("try again what gave up")];
      if (it.status === "failed" && it.compensation !== "complete")
        return [redrive("go on from what failed, once that is mended")];
      if (it.status === "failed")
        return [{ command: `holdfast history ${id}`, what: "what failed, and what was undone" }];
      // With nothing left to do there is no more to say than its status.
      return progress.reason === `It is ${it.status}.` ? [] : [doctor];
    case "stalled":
      return [
        ...(it.error?.name === "PinnedCodeGoneError" && it.pinnedTo !== NEXT_CODE
          ? [{ command: `holdfast versions move ${id}`, what: "let the latest code go on with it" }]
          : []),
        redrive("go on, once a fix is deployed"),
        { command: `holdfast terminate ${id}`, what: "end it as it is" },
      ];
    case "paused":
      return [{ command: `holdfast resume ${id}`, what: "let it go on" }, cancel];
    case "in-turn":
      return [{ command: `holdfast watch ${id}`, what: "see what it does" }];
    case "owner-lost":
    case "unread-messages":
    case "due":
      return [doctor];
    default:
      if (isPipeline)
        return [
          { command: `holdfast pipeline show ${id}`, what: "its stages, and what frees each" },
          { command: `holdfast pipeline cancel ${id}`, what: "end it" },
        ];
      return [...progress.awaits.flatMap((awaited) => bringing(it.executionId, awaited)), cancel];
  }
}

/** What would bring one of those that it awaits. */
function bringing(executionId: string, { kind, name = "", op, childId }: AwaitedOperation): NextStep[] {
  switch (kind) {
    case "event":
      return [
        {
          command: `holdfast send ${quoted(name)} --target ${quoted(executionId)} --data '{…}'`,
          what: `the event that it awaits`,
        },
      ];
    case "signal":
      return [
        {
          command: `holdfast signal ${quoted(executionId)} ${quoted(name)} --data '…'`,
          what: "the signal that it awaits",
        },
      ];
    case "callback":
      return [
        {
          command: `holdfast callback complete ${quoted(callbackToken({ executionId, op }))} --result '…'`,
          what: `the callback "${name}"`,
        },
      ];
    case "child":
      return childId === undefined
        ? []
        : [{ command: `holdfast show ${quoted(childId)}`, what: "where its child stands" }];
    default:
      return [];
  }
}

/** For a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
