// Any range of time: from and to, in the browser's own zone.
import { useEffect, useRef, useState } from "preact/hooks";

/** For an input of type datetime-local, which knows no zone. */
function local(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function RangeForm({ from, to, show, close }: { from: number; to: number; show: (from: number, to: number) => void; close: () => void }) {
  const first = useRef<HTMLInputElement>(null);
  const last = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => first.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    const begin = Date.parse(first.current?.value ?? "");
    const end = Date.parse(last.current?.value ?? "");
    if (Number.isNaN(begin) || Number.isNaN(end)) return setWrong("Give both times.");
    if (begin >= end) return setWrong("From must be before To.");
    show(begin, end);
  };
  return (
    <form
      class="range-form"
      aria-label="Range"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <label>
        From <input ref={first} name="from" type="datetime-local" defaultValue={local(from)} />
      </label>
      <label>
        To <input ref={last} name="to" type="datetime-local" defaultValue={local(to)} />
      </label>
      <button class="button" type="submit">
        Show
      </button>
      <button class="button quiet" type="button" onClick={close}>
        Cancel
      </button>
      {wrong && <span role="alert">{wrong}</span>}
    </form>
  );
}
