// "Access token": asked once, where the hub does not know this browser.
import { useEffect, useRef, useState } from "preact/hooks";
import { accessFault, accessNeeded, granted } from "../access.ts";
import { api, ApiError } from "../api.ts";

const kAsksForNone = [404, 409];

function faultWords(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401 || error.status === 403) return "The hub does not take this token. It may have been revoked, or not be copied whole.";
  if (error.status === 429) return "Too many tries. Wait a minute, then try again.";
  return `${error.message}.`;
}

/** True where it was taken; accessFault says why not. A hub that asks for none takes any. */
export async function giveToken(token: string): Promise<boolean> {
  try {
    await api.session(token);
  } catch (error) {
    if (!(error instanceof ApiError && kAsksForNone.includes(error.status))) {
      accessFault.value = faultWords(error);
      return false;
    }
  }
  granted();
  return true;
}

export function AccessPrompt() {
  const box = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const needed = accessNeeded.value;
  useEffect(() => {
    if (needed && !box.current?.open) box.current?.showModal();
    else if (!needed && box.current?.open) box.current.close();
  }, [needed]);
  const give = async (form: HTMLFormElement) => {
    const field = form.elements.namedItem("token") as HTMLInputElement;
    const token = field.value.trim();
    if (token === "") return void (accessFault.value = "Paste a token first.");
    setBusy(true);
    const taken = await giveToken(token);
    setBusy(false);
    if (taken) form.reset();
    else field.select();
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
        <h2 id="access-head">This hub asks for a token</h2>
        <p>An administrator makes one with <code>millwright token add</code>. It goes to the hub once and is kept nowhere here.</p>
        <label>
          Access token
          <input class="field" name="token" type="password" autocomplete="off" spellcheck={false} aria-describedby="access-fault" />
        </label>
        <p id="access-fault" class="fault" role="alert">
          {accessFault.value}
        </p>
        <p class="ask-buttons">
          <button class="button primary" type="submit" disabled={busy}>
            Continue
          </button>
        </p>
      </form>
    </dialog>
  );
}
