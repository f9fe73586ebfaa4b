// Whether this browser may speak to the hub. Where the hub answers 401, requests stop until somebody has given a token;
// the token itself is kept nowhere here: the hub turns it into a cookie that no script can read.
import { signal } from "@preact/signals";

/** A token is needed: the prompt is open and no request leaves. */
export const accessNeeded = signal(false);
/** Counts the tokens that were taken: screens begin anew with each. */
export const grants = signal(0);

/** Why the last token was not taken, in words. */
export const accessFault = signal<string | null>(null);

/** The prompt asks for a token instead of name and password. */
export const accessByToken = signal(false);

/** The token of the address is on its way: questions wait for the answer, the page does not. */
let entering: Promise<unknown> = Promise.resolve();
export const entered = (): Promise<unknown> => entering;
export function enter(done: Promise<unknown>): void {
  entering = done;
}

export function granted(): void {
  accessNeeded.value = false;
  accessFault.value = null;
  grants.value += 1;
}

/** Takes "#token=..." out of the address, so that it is neither shown, nor kept in the history, nor sent on. */
export function takeToken(): string | null {
  const found = /^#\/?token=([^&]+)/.exec(location.hash);
  if (!found?.[1]) return null;
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}
