/** What is seen while the demo runs. With `--json`, standard output belongs to the result, and nothing is said. */
import type { Terminal } from "../terminal.js";
import type { HeardEvent } from "./audience.js";
import type { Effect } from "./effects.js";
import type { Claim } from "./scene.js";

const CLOCK_WIDTH = 8;
const NAME_WIDTH = 22;
/** After the clock, the arrow and the name, with the gaps between them. */
const DETAIL_BEGINS = CLOCK_WIDTH + 2 + 2 + NAME_WIDTH + 1;

export class Screen {
  #began = Date.now();

  constructor(
    private readonly terminal: Terminal,
    private silent: boolean,
  ) {}

  /** The show is over: whoever still speaks is not heard. */
  mute(): void {
    this.silent = true;
  }

  head(text: string): void {
    this.#line(this.terminal.colors.bold(text));
    this.#line("");
  }

  progress(text: string): void {
    const { colors } = this.terminal;
    this.#line(text.startsWith("✓") ? `${colors.green("✓")}${text.slice(1)}` : colors.dim(text));
  }

  scene(number: number, title: string): void {
    this.#began = Date.now();
    this.#line("");
    this.#line(this.terminal.colors.bold(`${number}. ${title}`));
  }

  /** What the demo does, or sees. */
  say(text: string): void {
    const { colors } = this.terminal;
    this.#timed(text.startsWith("→") ? colors.cyan(text) : text);
  }

  /** A step's body ran. */
  effect({ effect, attempt, pid, failed }: Effect): void {
    const { colors } = this.terminal;
    const fate = failed === undefined ? "" : ` ${colors.red(failed)}`;
    this.#timed(`  ${effect.padEnd(NAME_WIDTH)} ${colors.dim(`attempt ${attempt}, process ${pid}`)}${fate}`);
  }

  /** Somebody else heard an event on the bus. */
  heard({ name, detail }: HeardEvent): void {
    const { colors, width } = this.terminal;
    const shown = cut(JSON.stringify(detail), (width ?? Number.POSITIVE_INFINITY) - DETAIL_BEGINS);
    this.#timed(`${colors.magenta(`← ${name.padEnd(NAME_WIDTH)}`)} ${colors.dim(shown)}`);
  }

  claims(claims: readonly Claim[], lastLines: readonly string[]): void {
    const { colors } = this.terminal;
    this.#line("");
    for (const claim of claims) this.#line(`   ${shownClaim(claim, this.terminal)}`);
    if (claims.every(({ ok }) => ok) || lastLines.length === 0) return;
    this.#line(colors.dim("   What the functions said last:"));
    for (const line of lastLines) this.#line(colors.dim(`     ${line}`));
  }

  #timed(text: string): void {
    const clock = `${((Date.now() - this.#began) / 1_000).toFixed(2)} s`.padStart(CLOCK_WIDTH);
    this.#line(`${this.terminal.colors.dim(clock)}  ${text}`);
  }

  #line(text: string): void {
    if (!this.silent) this.terminal.out(text);
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

export function shownClaim({ what, ok, found }: Claim, { colors }: Terminal): string {
  if (ok) return `${colors.green("✓")} ${what}`;
  return `${colors.red("✗")} ${what}${found === undefined ? "" : colors.red(` (${found})`)}`;
}
