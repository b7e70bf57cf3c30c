/** The demo's end: every execution's history, what it cost, and whether all of it was as it was claimed. */
import { printTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { type Account, total } from "./account.js";
import type { Outcome } from "./run.js";
import { shownClaim } from "./screen.js";

export function printSummary(
  outcomes: readonly Outcome[],
  ok: boolean,
  ms: number,
  terminal: Terminal,
): void {
  const { colors, out } = terminal;
  out("");
  out(colors.bold("What was kept: one line per history event"));
  for (const { account } of outcomes) if (account !== undefined) printAccount(account, terminal);

  out("");
  for (const { claims, account } of outcomes)
    if (account === undefined) for (const claim of claims) out(shownClaim(claim, terminal));
  const claims = outcomes.flatMap((outcome) => outcome.claims);
  const held = claims.filter((claim) => claim.ok).length;
  const verdict = `${ok ? "✓" : "✗"} ${held} of ${claims.length} claims held, in ${shownSeconds(ms)}`;
  out(ok ? colors.green(colors.bold(verdict)) : colors.red(colors.bold(verdict)));
}

function printAccount(account: Account, terminal: Terminal): void {
  const { colors, out } = terminal;
  const { executionId, workflow, status, ms, units, budget, calls, refused, billed } = account;
  out("");
  const state = status === "completed" ? colors.green(status) : colors.red(status);
  out(`${colors.bold(workflow)} ${executionId}: ${state} after ${shownSeconds(ms)}`);
  printTable(
    terminal,
    [
      { title: "AT", paint: colors.dim },
      { title: "SLOT", paint: colors.dim },
      { title: "EVENT", paint: (cell) => (/Failed|TimedOut|Taken/.test(cell) ? colors.yellow(cell) : cell) },
      { title: "OF" },
      { title: "DETAIL", shrinks: true, paint: colors.dim },
    ],
    account.history.map(({ at, slot, type, of, detail }) => [offset(at), String(slot), type, of, detail]),
  );
  const allowed = total(budget);
  const bill = `${units} write units of at most ${allowed}`;
  const how = `in ${calls} writes${refused === 0 ? "" : `: ${billed}, and ${refused} refused, which AWS bills too`}`;
  out(`${units <= allowed ? colors.green(bill) : colors.red(bill)}, ${how}`);
  for (const { what, units: each } of budget) out(colors.dim(`${String(each).padStart(6)}  ${what}`));
}

function offset(ms: number): string {
  return `+${(ms / 1_000).toFixed(3)}`.padStart(8);
}

export function toJson(outcomes: readonly Outcome[], ok: boolean, ms: number): string {
  return JSON.stringify(
    {
      ok,
      ms,
      scenes: outcomes.map(({ title, claims, account }) => ({
        title,
        claims,
        ...(account === undefined ? {} : { execution: { ...account, budgetUnits: total(account.budget) } }),
      })),
    },
    null,
    2,
  );
}

function shownSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
