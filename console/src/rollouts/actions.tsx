// What a person may do to a rollout. Pause takes one key; what cannot be taken back asks once, with how many it concerns.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { api } from "../api.ts";
import { bind } from "../keys.ts";
import { plural } from "../logic/format.ts";
import { actionsOf, askWords, concerned, type Action } from "../logic/rollout.ts";
import type { RolloutDetail } from "../logic/rollout_types.ts";
import { connected, noteRollout } from "../store.ts";
import { Key } from "../ui/parts.tsx";
import { say, sayFailed } from "../ui/toast.tsx";

const kLabels: Record<Action, string> = { pause: "Pause", resume: "Resume", approve: "Approve", abort: "Abort…", reverse: "Reverse…" };
const kDone: Record<Action, string> = {
  pause: "paused. No further gateway begins; p resumes it.",
  resume: "goes on.",
  approve: "approved: the last wave begins.",
  abort: "aborted.",
  reverse: "is going back.",
};
type Asked = "abort" | "reverse";
const kNamedMax = 24;

const nameOf = (detail: RolloutDetail) => `${detail.name} ${detail.version}`;

function AskBox({ detail, asked, answer }: { detail: RolloutDetail; asked: Asked; answer: (why: string | null) => void }) {
  const box = useRef<HTMLDialogElement>(null);
  const [why, setWhy] = useState("");
  useEffect(() => {
    if (!box.current?.open) box.current?.showModal();
  }, []);
  const { back } = concerned(detail.members);
  const word = asked === "abort" ? "Abort" : "Reverse";
  return (
    <dialog class="ask" ref={box} aria-labelledby="ask-head" onClose={() => answer(null)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          answer(why.trim());
        }}
      >
        <h2 id="ask-head">
          {word} {nameOf(detail)}?
        </h2>
        <p>{askWords(asked, nameOf(detail), detail.members)}</p>
        {asked === "reverse" && back.length > 0 && (
          <p class="ask-names">
            {back.slice(0, kNamedMax).map((one) => one.device).join(", ")}
            {back.length > kNamedMax && ` and ${plural(back.length - kNamedMax, "other")}`}
          </p>
        )}
        <label>
          Why, for the log
          <input class="field" name="why" maxLength={200} value={why} onInput={(event) => setWhy(event.currentTarget.value)} autocomplete="off" />
        </label>
        <p class="ask-buttons">
          <button class="button primary" type="submit">
            {asked === "reverse" && back.length > 0 ? `Reverse ${plural(back.length, "gateway")}` : `${word} the rollout`}
          </button>
          <button class="button" type="button" onClick={() => answer(null)}>
            Keep it as it is <Key>Esc</Key>
          </button>
        </p>
      </form>
    </dialog>
  );
}

export function Actions({ detail, took }: { detail: RolloutDetail; took: (detail: RolloutDetail) => void }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [busy, setBusy] = useState(false);
  const actions = actionsOf(detail);
  const heard = connected.value;

  const send = async (action: Action, why = "") => {
    setBusy(true);
    try {
      const now = await (action === "abort" || action === "reverse" ? api.endRollout(detail.id, action, why) : api.steerRollout(detail.id, action));
      took(now);
      noteRollout(now);
      say(`${nameOf(detail)} ${kDone[action]}`);
    } catch (failed) {
      sayFailed(`${kLabels[action].replace("…", "")} did not happen: ${(failed as Error).message}.`);
    } finally {
      setBusy(false);
    }
  };
  const act = (action: Action) => (action === "abort" || action === "reverse" ? setAsked(action) : void send(action));

  // Keys read what is true when they are pressed.
  const now = useRef({ actions, act, usable: heard && !busy });
  now.current = { actions, act, usable: heard && !busy };
  useLayoutEffect(
    () =>
      bind([
        {
          keys: "p",
          label: "Pause or resume the rollout",
          group: "Rollout",
          run: () => {
            const toggle = now.current.actions.find((one) => one === "pause" || one === "resume");
            if (toggle && now.current.usable) now.current.act(toggle);
          },
        },
      ]),
    [],
  );
  return (
    <div class="rollout-actions" role="group" aria-label="Steer this rollout">
      {actions.map((action) => (
        <button
          key={action}
          class={`button ${action === "approve" ? "primary" : ""}`}
          disabled={!heard || busy}
          title={heard ? undefined : "The hub is not heard: nothing can be changed now"}
          onClick={() => act(action)}
        >
          {kLabels[action]} {(action === "pause" || action === "resume") && <Key>p</Key>}
        </button>
      ))}
      {asked && (
        <AskBox
          detail={detail}
          asked={asked}
          answer={(why) => {
            setAsked(null);
            if (why !== null) void send(asked, why);
          }}
        />
      )}
    </div>
  );
}
