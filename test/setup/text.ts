/** Text of a wanted length, the same at every run. */
import { createHash } from "node:crypto";

/** Such as no compression makes smaller than three quarters: base64 of what looks random. */
export function incompressible(length: number): string {
  let text = "";
  for (let block = 0; text.length < length; block++)
    text += createHash("sha512").update(String(block)).digest("base64").slice(0, 84);
  return text.slice(0, length);
}

/** Records as services answer with them: compression makes them a third of their length, or less. */
export function ordinary(length: number): string {
  let text = "";
  for (let record = 0; text.length < length; record++) {
    const id = createHash("sha256").update(String(record)).digest("hex");
    text += `{"id":"${id.slice(0, 16)}","status":"${record % 3 === 0 ? "shipped" : "pending"}","street":"Long Street ${record}","amount":${record * 37},"currency":"EUR","note":"leave it at the door"},`;
  }
  return text.slice(0, length);
}
