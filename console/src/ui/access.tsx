// Name and password, or an access token: asked once, where the hub does not know this browser.
import { useEffect, useRef, useState } from "preact/hooks";
import { accessByToken, accessFault, accessNeeded, granted } from "../access.ts";
import { api, ApiError } from "../api.ts";

const kAsksForNone = [404, 409];

function faultWords(error: unknown, person: boolean): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401 || error.status === 403)
    return person ? "This name and password do not belong together." : "The hub does not take this token. It may have been revoked, or not be copied whole.";
  if (error.status === 429) return "Too many tries. Wait a minute, then try again.";
  return `${error.message}.`;
}

/** True where it was taken; accessFault says why not. A hub that asks for none takes any. */
export const giveToken = (token: string): Promise<boolean> => enterBy(() => api.session(token), false);

async function enterBy(ask: () => Promise<void>, person: boolean): Promise<boolean> {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof ApiError && kAsksForNone.includes(error.status))) {
      accessFault.value = faultWords(error, person);
      accessByToken.value = !person;
      return false;
    }
  }
  granted();
  return true;
}

export function AccessPrompt() {
  const box = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const byToken = accessByToken.value;
  const needed = accessNeeded.value;
  useEffect(() => {
    if (needed && !box.current?.open) box.current?.showModal();
    else if (!needed && box.current?.open) box.current.close();
  }, [needed]);
  const give = async (form: HTMLFormElement) => {
    const text = (name: string) => (form.elements.namedItem(name) as HTMLInputElement | null)?.value ?? "";
    const secret = text(byToken ? "token" : "password").trim();
    if (secret === "") return void (accessFault.value = byToken ? "Paste a token first." : "Give your name and password first.");
    setBusy(true);
    const taken = byToken ? await giveToken(secret) : await enterBy(() => api.logIn(text("name").trim(), text("password")), true);
    setBusy(false);
    if (taken) form.reset();
    else (form.elements.namedItem(byToken ? "token" : "password") as HTMLInputElement).select();
  };
  return (
    <dialog
      class="ask access"
      ref={box}
      aria-labelledby="access-head"
      // There is nothing to see behind it: Esc only closes it once there is.
      onCancel={(event) => event.preventDefault()}
      onClose={() => accessNeeded.peek() && box.current?.showModal()}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void give(event.currentTarget);
        }}
      >
        <h2 id="access-head">{byToken ? "This hub asks for a token" : "Log in"}</h2>
        {byToken ? (
          <>
            <p>An administrator makes one with <code>millwright token add</code>. It goes to the hub once and is kept nowhere here.</p>
            <label>
              Access token
              <input class="field" name="token" type="password" autocomplete="off" spellcheck={false} aria-describedby="access-fault" />
            </label>
          </>
        ) : (
          <>
            <label>
              Name
              <input class="field" name="name" type="text" autocomplete="username" autocapitalize="none" spellcheck={false} />
            </label>
            <label>
              Password
              <input class="field" name="password" type="password" autocomplete="current-password" aria-describedby="access-fault" />
            </label>
          </>
        )}
        <p id="access-fault" class="fault" role="alert">
          {accessFault.value}
        </p>
        <p class="ask-buttons">
          <button
            class="link"
            type="button"
            onClick={() => {
              accessFault.value = null;
              accessByToken.value = !byToken;
            }}
          >
            {byToken ? "Name and password instead" : "Access token instead"}
          </button>
          <button class="button primary" type="submit" disabled={busy}>
            Continue
          </button>
        </p>
      </form>
    </dialog>
  );
}
