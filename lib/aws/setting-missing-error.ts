import { HoldfastError } from "../model/errors.js";

/** A name or address that this call needs and that nobody gave. */
export class SettingMissingError extends HoldfastError {
  readonly code = "SETTING_MISSING";
  constructor(what: string, next: string) {
    super(`${what} ${next}`);
    this.name = "SettingMissingError";
  }
}
