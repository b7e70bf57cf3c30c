/** Deploys this repository's example app: `npx cdk deploy --all`. What can be set is listed in `context.ts`. */
import { App } from "aws-cdk-lib";
import { addStacks } from "./stacks.js";

const app = new App();
addStacks(app);
app.synth();
