/** Of Lambda's client, what this folder's neighbours use. A part (`lib/cdk/parts.ts`). */
export {
  DeleteFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
} from "@aws-sdk/client-lambda";
