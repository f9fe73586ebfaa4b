// "Access token": asked once, where the hub does not know this browser.
import { useEffect, useRef, useState } from "preact/hooks";
import { accessNeeded, granted } from "../access.ts";
import { api, ApiError } from "../api.ts";

const kAsksForNone = [404, 409];

function faultWords(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401 || error.status === 403) return "The hub does not take this token. It may have been revoked, or not be copied whole.";
  if (error.status === 429) return "Too many tries. Wait a minute, then try again.";
  return `${error.message}.`;
}

/** Null where it was taken; otherwise what was wrong with it, in words. A hub that asks for none takes any. */
export async function giveToken(token: string): Promise<string | null> {
  try {
    await api.session(token);
  } catch (error) {
    if (!(error instanceof ApiError && kAsksForNone.includes(error.status))) return faultWords(error);
  }
  granted();
  return null;
}

export function AccessPrompt() {
  const box = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const needed = accessNeeded.value;
  useEffect(() => {
    if (needed && !box.current?.open) box.current?.showModal();
    else if (!needed && box.current?.open) box.current.close();
  }, [needed]);
  const give = async (form: HTMLFormElement) => {
    const field = form.elements.namedItem("token") as HTMLInputElement;
    const token = field.value.trim();
    if (token === "") return setFault("Paste a token first.");
    setBusy(true);
    const said = await giveToken(token);
    setBusy(false);
    setFault(said);
    if (said === null) form.reset();
    else field.select();
  };
  return (
    <dialog
      class="ask access"
      ref={box}
      aria-labelledby="access-head"
      // There is nothing to see behind it: Esc only closes it once there is.
      onClose={() => accessNeeded.peek() && box.current?.showModal()}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void give(event.currentTarget);
        }}
      >
        <h2 id="access-head">This hub asks for a token</h2>
        <p>An administrator makes one with <code>millwright token add</code>. This browser then stays signed in.</p>
        <label>
          Access token
          <input class="field" name="token" type="password" autocomplete="off" spellcheck={false} aria-describedby="access-fault" />
        </label>
        <p id="access-fault" class="fault" role="alert">
          {fault}
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
