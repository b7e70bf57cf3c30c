/**
 * Fields whose values no line shows, by their names and wherever they stand in what is logged. It is a net under `ctx.log`, whose words are the
 * user's own: it knows names, and looks into no text.
 */

/** As they are compared: without case, dashes and underscores. */
const ALWAYS: readonly string[] = [
  "password",
  "passwd",
  "passphrase",
  "secret",
  "clientsecret",
  "token",
  "accesstoken",
  "refreshtoken",
  "idtoken",
  "sessiontoken",
  "callbacktoken",
  "authorization",
  "cookie",
  "setcookie",
  "apikey",
  "xapikey",
  "privatekey",
  "secretkey",
  "secretaccesskey",
  "credentials",
];

/** What stands in the value's place. */
export const REDACTED = "[redacted]";

/** Whether a field of that name is shown. */
export type IsHidden = (name: string) => boolean;

/** @param more names beside those that are always hidden */
export function hiding(more: readonly string[] = []): IsHidden {
  // Nothing is called by a dash alone; and the whole of a line has no name.
  const hidden = new Set([...ALWAYS, ...more.map(compared).filter((name) => name !== "")]);
  return (name) => hidden.has(compared(name));
}

/** `HOLDFAST_LOG_REDACT`, which the construct sets: names, with commas between them. */
export function redactedIn(variables: Readonly<Record<string, string | undefined>>): string[] {
  return (variables.HOLDFAST_LOG_REDACT ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function compared(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, "");
}
