// Two keys a verdict: what, then which. Always in the same place; step two stands where step one stood.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { bind, type Binding } from "../keys.ts";
import { plural, sentence } from "../logic/format.ts";
import type { Alarm, AlarmContext } from "../logic/types.ts";
import { inbox } from "../store.ts";
import { Key } from "../ui/parts.tsx";
import { act, undo } from "../verdicts.ts";

type Step = "confirm" | "reject" | "shelve" | "other" | "ask" | null;
interface Choice {
  label: string;
  hint?: string;
  run: () => void;
}

const kShelve = [
  { label: "1 h", for_s: 3_600 },
  { label: "8 h", for_s: 28_800 },
  { label: "24 h", for_s: 86_400 },
  { label: "Until repaired", for_s: 0 },
];
const kKeysMax = 9;

interface Props {
  alarm: Alarm;
  /** Of one cause, this one first. */
  ids: string[];
  context: AlarmContext | null;
  done: () => void;
}

export function VerdictBar({ alarm, ids, context, done }: Props) {
  const [step, setStep] = useState<Step>(null);
  const [alone, setAlone] = useState(false);
  const [note, setNote] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    setStep(null);
    setAlone(false);
    setNote(null);
  }, [alarm.id]);
  const of = alone ? [alarm.id] : ids;

  const send = (path: "verdicts" | "shelvings" | "questions", body: Record<string, unknown>, words: string) => {
    act(path, of, note ? { ...body, [path === "shelvings" ? "reason" : "note"]: note } : body, `${alarm.asset} ${words}`);
    setStep(null);
    setNote(null);
    done();
  };
  const choices = choicesOf(step, alarm, context, send, setStep);
  const ready = inbox.value !== null;

  // Keys do what is on the screen when they are pressed.
  const now = useRef({ step, choices, note });
  now.current = { step, choices, note };
  // Bound before the screen is painted: the second key may follow at once.
  useLayoutEffect(() => {
    const list: Binding[] = [
      { keys: "c", label: "Confirm", group: "Inbox", run: () => setStep("confirm") },
      { keys: "r", label: "Reject", group: "Inbox", run: () => setStep("reject") },
      { keys: "n", label: "Not checked", group: "Inbox", run: () => send("verdicts", { verdict: "not_checked" }, "not checked") },
      { keys: "s", label: "Shelve", group: "Inbox", run: () => setStep("shelve") },
      { keys: "a", label: "Ask a colleague", group: "Inbox", run: () => setStep("ask") },
      { keys: "m", label: "Add a note", group: "Inbox", run: () => setNote(now.current.note ?? "") },
      { keys: "u", label: "Undo the last verdict", group: "Inbox", run: undo },
    ];
    if (ids.length > 1) list.push({ keys: "t", label: "This one only, or all of one cause", group: "Inbox", run: () => setAlone((was) => !was) });
    return ready ? bind(list) : undefined;
  }, [alarm.id, ids.join(), alone, ready, note]);
  useLayoutEffect(() => {
    if (step === null) return;
    const pick = (index: number) => () => now.current.choices[index]?.run();
    return bind([
      ...Array.from({ length: kKeysMax }, (_, index) => ({ keys: `${index + 1}`, label: `Choice ${index + 1}`, group: "Inbox", run: pick(index) })),
      { keys: "Enter", label: "Choice 1", group: "Inbox", run: pick(0) },
      { keys: "Escape", label: "Back to the first step", group: "Inbox", run: () => setStep(null) },
    ]);
  }, [step]);
  const writing = note !== null || step === "other" || step === "ask";
  useEffect(() => {
    if (writing) field.current?.focus();
  }, [writing]);

  const many = of.length > 1 ? `applies to ${of.length} alarms of one cause; ` : "";
  return (
    <footer class="verdict-bar" aria-label="Verdict">
      {writing && (
        <label class="verdict-note">
          <span>{step === "ask" ? "What do you want to know?" : step === "other" ? "Why is it no fault?" : "Note"}</span>
          <textarea
            ref={field}
            class="field"
            rows={2}
            maxLength={900}
            value={note ?? ""}
            onInput={(event) => setNote(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                event.preventDefault();
                field.current?.blur();
              } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) now.current.choices[0]?.run();
            }}
          />
        </label>
      )}
      {step === null ? (
        <div class="verdict-first">
          <button class="button primary" disabled={!ready} onClick={() => setStep("confirm")}>
            Confirm <Key>c</Key>
          </button>
          <button class="button" disabled={!ready} onClick={() => setStep("reject")}>
            Reject <Key>r</Key>
          </button>
          <button class="button" disabled={!ready} onClick={() => send("verdicts", { verdict: "not_checked" }, "not checked")}>
            Not checked <Key>n</Key>
          </button>
          <button class="button" disabled={!ready} onClick={() => setStep("shelve")}>
            Shelve <Key>s</Key>
          </button>
          <span class="verdict-hints">
            {ids.length > 1 && (
              <button class="link" onClick={() => setAlone(!alone)}>
                {alone ? "this one only" : plural(ids.length, "alarm")} <Key>t</Key>
              </button>
            )}
            <button class="link" onClick={() => setStep("ask")}>
              ask a colleague <Key>a</Key>
            </button>
            <button class="link" onClick={() => setNote(note ?? "")}>
              note <Key>m</Key>
            </button>
          </span>
        </div>
      ) : (
        <>
          <p class="verdict-step">
            <b>{kTitles[step]}</b>
            <span>
              {many}
              {step === "shelve" ? "it comes back by itself" : step === "ask" ? "it waits under Second opinion" : "saved as a label when you press the number"}
            </span>
            {ids.length > 1 && (
              <button class="link" onClick={() => setAlone(!alone)}>
                <Key>t</Key> {alone ? "all of one cause" : "this one only"}
              </button>
            )}
            <button class="link" onClick={() => setStep(null)}>
              <Key>Esc</Key> back
            </button>
          </p>
          <div class="verdict-choices">
            {choices.map((choice, index) => (
              <button key={choice.label} class={`button choice ${index === 0 ? "first" : ""}`} onClick={choice.run}>
                {index < kKeysMax && <Key>{index + 1}</Key>} {choice.label} {choice.hint && <small>{choice.hint}</small>}
              </button>
            ))}
          </div>
        </>
      )}
    </footer>
  );
}

const kTitles = { confirm: "Confirm as", reject: "Reject, because", shelve: "Shelve for", other: "Reject, for another reason", ask: "Ask a colleague" };

function choicesOf(step: Step, alarm: Alarm, context: AlarmContext | null, send: (path: "verdicts" | "shelvings" | "questions", body: Record<string, unknown>, words: string) => void, go: (step: Step) => void): Choice[] {
  if (step === "confirm") {
    // The model's own word first, whether or not the rest has been read yet.
    const known = context?.fault_choices ?? (alarm.fault ? [{ code: alarm.fault, name: alarm.fault_name ?? alarm.fault }] : []);
    return known.map(({ code, name }) => ({
      label: sentence(name),
      ...(code === alarm.fault ? { hint: "as the model says" } : {}),
      run: () => send("verdicts", { verdict: "confirm", fault: code }, `confirmed: ${name.toLowerCase()}`),
    }));
  }
  if (step === "reject")
    return (inbox.value?.reasons ?? []).map(({ code, words }) => ({
      label: words,
      run: () => (code === "other" ? go("other") : send("verdicts", { verdict: "reject", reason: code }, `rejected: ${words.toLowerCase()}`)),
    }));
  if (step === "other") return [{ label: "Reject with this note", run: () => send("verdicts", { verdict: "reject", reason: "other" }, "rejected, with a note") }];
  if (step === "ask") return [{ label: "Ask", run: () => send("questions", {}, "asked a colleague about") }];
  if (step === "shelve") return kShelve.map(({ label, for_s }) => ({ label, run: () => send("shelvings", { for_s }, `shelved, ${label.toLowerCase()}`) }));
  return [];
}
