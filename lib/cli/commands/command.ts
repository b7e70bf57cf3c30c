import type { Command } from "commander";
import type { Terminal } from "../terminal.js";

/** A subcommand: adds itself to the program. What it needs beyond its own options is loaded when it runs. */
export type AddCommand = (program: Command, terminal: Terminal) => void;
