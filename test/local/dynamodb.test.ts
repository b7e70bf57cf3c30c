import { CreateTableCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { startDynamoDb } from "../../lib/local/dynamodb.js";
import { JavaMissingError, javaMajor } from "../../lib/local/java.js";
import { freshDynamo } from "../setup/client.js";

describe("DynamoDB Local", () => {
  test("gives every access key id a database of its own", async () => {
    const one = freshDynamo();
    const other = freshDynamo();
    await one.client.send(
      new CreateTableCommand({
        TableName: "Things",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      }),
    );
    expect((await one.client.send(new ListTablesCommand({}))).TableNames).toEqual(["Things"]);
    expect((await other.client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  });
});

describe("a missing Java", () => {
  test("is named, instead of a failed start", async () => {
    const { PATH, JAVA_HOME, AWS_ENDPOINT_URL_DYNAMODB } = process.env;
    process.env.PATH = "/nowhere";
    delete process.env.JAVA_HOME;
    delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
    try {
      await expect(startDynamoDb({ inMemory: true })).rejects.toBeInstanceOf(JavaMissingError);
    } finally {
      Object.assign(process.env, { PATH });
      if (JAVA_HOME !== undefined) process.env.JAVA_HOME = JAVA_HOME;
      if (AWS_ENDPOINT_URL_DYNAMODB !== undefined)
        process.env.AWS_ENDPOINT_URL_DYNAMODB = AWS_ENDPOINT_URL_DYNAMODB;
    }
  });

  test.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ["The operation couldn’t be completed. Unable to locate a Java Runtime.", undefined],
  ])("reads %s as release %s", (output, major) => {
    expect(javaMajor(output)).toBe(major);
  });

  test("says what was expected, what was found and the command that installs it", () => {
    const message = new JavaMissingError('java version "1.8.0_402"', "linux").message;
    expect(message).toContain("Java 17 or newer");
    expect(message).toContain('found:    java version "1.8.0_402"');
    expect(message).toContain("sudo apt-get install -y openjdk-17-jre-headless");
    expect(new JavaMissingError("no Java", "darwin").message).toContain("brew install openjdk@17");
  });
});
