/** What tells an item from another of the same key, and may be of the same content: that of an execution which had the id before. */
import { randomBytes } from "node:crypto";

/** 48 random bits, as 8 characters. */
export function itemToken(): string {
  return randomBytes(6).toString("base64url");
}
