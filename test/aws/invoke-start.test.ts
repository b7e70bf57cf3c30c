import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { invokeStart } from "../../lib/aws/invoke-start.js";

/** Answers every invocation as Lambda tells of one that failed. */
let answer: unknown;
const lambda = createServer((_request, response) => {
  response.writeHead(200, { "x-amz-function-error": "Unhandled" });
  response.end(JSON.stringify(answer));
});
beforeAll(() => new Promise<void>((resolve) => lambda.listen(0, "127.0.0.1", resolve)));
afterAll(() => lambda.close());

const start = () => {
  const { port } = lambda.address() as AddressInfo;
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const connection = { endpoints: { lambda: `http://127.0.0.1:${port}` }, region: "eu-west-1", credentials };
  return invokeStart("Start", { workflow: "order", input: {}, id: "o-1" }, connection);
};

test.each([
  ["Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: signal: killed"],
  ["Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 60.00 seconds"],
])(
  "a start function that is ended (%s) may have started it, and the error says how to find out",
  async (errorType, errorMessage) => {
    answer = { errorType, errorMessage };
    await expect(start()).rejects.toMatchObject({
      name: "StartUnansweredError",
      message: expect.stringMatching(/"o-1" may have been started.*holdfast show o-1.*starts nothing twice/),
    });
  },
);

test("a start function that refuses is quoted", async () => {
  answer = { errorType: "UnknownWorkflowError", errorMessage: 'There is no workflow "order".' };
  await expect(start()).rejects.toMatchObject({
    name: "UnknownWorkflowError",
    message: 'There is no workflow "order".',
  });
});
