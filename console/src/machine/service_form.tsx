// A machine was repaired or replaced: said in two steps, since what its gateway has learned is thrown away.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api.ts";
import { newId } from "../verdicts.ts";
import { say, sayFailed } from "../ui/toast.tsx";

type Kind = "repaired" | "replaced";
const kWork = 3_600_000; // an hour of work, where nothing else is said
const kNoteMax = 1000;

/** For an input of type datetime-local, which knows no zone. */
function local(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function ServiceForm({ site, asset, now, close }: { site: string; asset: string; now: number; close: () => void }) {
  const [kind, setKind] = useState<Kind>("repaired");
  const [sure, setSure] = useState(false);
  const [sending, setSending] = useState(false);
  const [wrong, setWrong] = useState("");
  const [id] = useState(newId); // sent again, it is done once
  const first = useRef<HTMLInputElement>(null);
  const last = useRef<HTMLInputElement>(null);
  const note = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const from = Date.parse(first.current?.value ?? "");
    const to = Date.parse(last.current?.value ?? "");
    if (Number.isNaN(from) || Number.isNaN(to)) return setWrong("Give both times.");
    if (from >= to) return setWrong("From must be before To.");
    setWrong("");
    if (!sure) return setSure(true);
    setSending(true);
    try {
      const done = await api.service(site, asset, { id, kind, from_ms: from, to_ms: to, note: note.current?.value ?? "" });
      say(`${asset} ${kind}. ${done.closed} ${done.closed === 1 ? "alarm" : "alarms"} closed; it is learned anew.`);
      close();
    } catch (error) {
      setSending(false);
      sayFailed(`${asset}: not saved. ${error instanceof Error ? error.message : ""}`);
    }
  };
  return (
    <form
      class="range-form"
      aria-label="Repaired or replaced"
      onSubmit={(event) => void submit(event)}
      onInput={() => setSure(false)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <label>
        Was{" "}
        <select name="kind" value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
          <option value="repaired">repaired</option>
          <option value="replaced">replaced</option>
        </select>
      </label>
      <label>
        From <input ref={first} name="from" type="datetime-local" defaultValue={local(now - kWork)} />
      </label>
      <label>
        To <input ref={last} name="to" type="datetime-local" defaultValue={local(now)} />
      </label>
      <label>
        Note <input ref={note} name="note" type="text" maxLength={kNoteMax} />
      </label>
      {sure && <span role="status">Open alarms of {asset} are closed, the time is blanked, and it learns anew what is normal.</span>}
      <button class={sure ? "button primary" : "button"} type="submit" disabled={sending}>
        {sure ? `Yes, ${kind}` : "Go on"}
      </button>
      <button class="button quiet" type="button" onClick={close}>
        Cancel
      </button>
      {wrong && <span role="alert">{wrong}</span>}
    </form>
  );
}
