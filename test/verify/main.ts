/**
 * `npm run verify:aws -- [--only id,id] [--slow] [--local] [--keep] [--json]`: what only AWS can show, shown. With credentials it deploys the
 * stack of this folder into the account and region that they name (a few cents), runs the checks, and destroys it again; without, or with
 * `--local`, it runs those checks that the local cloud can show, and says which it left out. Ends with 0 only if all that ran held.
 */

import { optionsOf } from "../setup/options.js";
import { CHECKS } from "./checks.js";
import { hasCredentials, openAws, openLocal } from "./ground.js";
import { chosen, type Outcome, report, runCheck, whySkipped } from "./run.js";

const values = optionsOf({
  only: { type: "string", default: "" },
  slow: { type: "boolean", default: false },
  local: { type: "boolean", default: false },
  keep: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
});
const only = values.only.split(",").filter((id) => id !== "");
const checks = chosen(CHECKS, only);
const where = values.local || !(await hasCredentials()) ? "local" : "aws";
const ground = await (where === "aws" ? openAws() : openLocal(process.env.AWS_ENDPOINT_URL_DYNAMODB));
const outcomes: Outcome[] = [];
try {
  for (const check of checks) {
    const { id, title } = check;
    const why = whySkipped(check, where, { slow: values.slow, named: only.includes(id) });
    if (why === undefined) console.error(`${id}: ${title} …`);
    outcomes.push(
      why === undefined
        ? await runCheck(check, ground)
        : { id, title, end: "skipped", found: why, seconds: 0 },
    );
  }
} finally {
  await ground.close({ keep: values.keep });
}
if (values.json) console.log(JSON.stringify({ where, outcomes }, undefined, 2));
else console.log(report(where, outcomes));
const ran = outcomes.filter(({ end }) => end !== "skipped");
process.exitCode = ran.length > 0 && ran.every(({ end }) => end === "held") ? 0 : 1;
