/** A record of DynamoDB Streams as the SDK gives it, in the shape that Lambda hands to a function. */
import type { AttributeValue, _Record as StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import { arn, REGION } from "../arn.js";
import type { Json, JsonObject } from "../json.js";

export interface LambdaRecord extends JsonObject {
  readonly eventID: string;
  readonly dynamodb: JsonObject;
}

export const toLambdaRecord = (record: StreamRecord, table: string): LambdaRecord => {
  const { dynamodb = {} } = record;
  return {
    eventID: record.eventID ?? "",
    eventName: record.eventName ?? "UNKNOWN",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: REGION,
    dynamodb: {
      ApproximateCreationDateTime: (dynamodb.ApproximateCreationDateTime?.getTime() ?? 0) / 1000,
      ...image("Keys", dynamodb.Keys),
      ...image("NewImage", dynamodb.NewImage),
      ...image("OldImage", dynamodb.OldImage),
      SequenceNumber: dynamodb.SequenceNumber ?? "",
      SizeBytes: dynamodb.SizeBytes ?? 0,
      StreamViewType: dynamodb.StreamViewType ?? "",
    },
    eventSourceARN: arn.stream(table),
  };
};

export const sequenceNumberOf = (record: LambdaRecord): string => {
  const value = record.dynamodb.SequenceNumber;
  return typeof value === "string" ? value : "";
};

const image = (name: string, item: Record<string, AttributeValue> | undefined): JsonObject =>
  item === undefined ? {} : { [name]: itemOf(item) };

const itemOf = (item: Record<string, AttributeValue>): JsonObject =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attributeOf(value)]));

/** Bytes are base64 in an event, and `Uint8Array` in the SDK. */
const attributeOf = (value: AttributeValue): JsonObject => {
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  if (value.M !== undefined) return { M: itemOf(value.M) };
  if (value.L !== undefined) return { L: value.L.map(attributeOf) };
  return scalar(value);
};

const scalar = (value: AttributeValue): JsonObject => {
  const fields: Record<string, Json> = {};
  if (value.S !== undefined) fields.S = value.S;
  if (value.N !== undefined) fields.N = value.N;
  if (value.BOOL !== undefined) fields.BOOL = value.BOOL;
  if (value.NULL !== undefined) fields.NULL = value.NULL;
  if (value.SS !== undefined) fields.SS = value.SS;
  if (value.NS !== undefined) fields.NS = value.NS;
  return fields;
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
