/** The digests that SQS returns, and that the SDKs compare with their own. */
import { createHash } from "node:crypto";
import { ApiError } from "../http.js";
import { Fields, isObject, type JsonObject } from "../json.js";

export const md5 = (data: string | Buffer): string => createHash("md5").update(data).digest("hex");

const STRING_VALUE = 1;
const BINARY_VALUE = 2;

/** Over name, type and value in the order of the names, each behind its length; `undefined` when there are none. */
export const md5OfAttributes = (attributes: JsonObject): string | undefined => {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  return md5(Buffer.concat(names.flatMap((name) => encodeAttribute(name, readAttribute(attributes, name)))));
};

/** What counts toward a message's size besides its body: the names, types and values of its attributes. */
export const attributeBytes = (attributes: JsonObject): number =>
  Object.keys(attributes).reduce((sum, name) => {
    const { type, value } = readAttribute(attributes, name);
    return sum + Buffer.byteLength(name) + Buffer.byteLength(type) + value.length;
  }, 0);

interface Attribute {
  readonly type: string;
  readonly value: Buffer;
  readonly transport: number;
}

const readAttribute = (attributes: JsonObject, name: string): Attribute => {
  const refuse = (message: string): ApiError => new ApiError("InvalidParameterValue", message);
  const raw = attributes[name];
  if (!isObject(raw)) throw refuse(`The message attribute "${name}" must be an object.`);
  const fields = new Fields(raw, refuse, `MessageAttributes.${name}`);
  const type = fields.require("DataType", fields.string("DataType"));
  if (type.startsWith("Binary")) {
    const encoded = fields.require("BinaryValue", fields.string("BinaryValue"));
    return { type, value: Buffer.from(encoded, "base64"), transport: BINARY_VALUE };
  }
  const text = fields.require("StringValue", fields.string("StringValue"));
  return { type, value: Buffer.from(text), transport: STRING_VALUE };
};

const encodeAttribute = (name: string, { type, value, transport }: Attribute): Buffer[] => [
  ...withLength(Buffer.from(name)),
  ...withLength(Buffer.from(type)),
  Buffer.of(transport),
  ...withLength(value),
];

const withLength = (bytes: Buffer): Buffer[] => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
};
