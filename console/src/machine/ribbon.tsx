// The ribbon under the score: height and colour give the state, words name what is not healthy.
import { dayClock, span } from "../logic/format.ts";
import { causeWords, type RibbonPart } from "../logic/spans.ts";
import type { Series } from "../logic/types.ts";
import { isPhone } from "../settings.ts";
import { Shape } from "../ui/shapes.tsx";

interface Range {
  from: number;
  to: number;
}

const kWordShareMin = 0.045; // narrower parts have no room for a word

export function Ribbon({ parts, gaps, range }: { parts: readonly RibbonPart[]; gaps: Series["gaps"]; range: Range }) {
  const width = range.to - range.from;
  const place = (from: number, to: number) => {
    const left = Math.max(0, (from - range.from) / width);
    const right = Math.min(1, (to - range.from) / width);
    return right > left ? { left, right } : null;
  };
  const letter = isPhone.value ? 0.024 : 0.0085; // of the ribbon's width
  let wordEnd = 0;
  const words: { left: number; text: string; part: RibbonPart | null }[] = [];
  const say = (left: number, text: string, part: RibbonPart | null) => {
    if (left < wordEnd || left > 0.93) return;
    wordEnd = left + 0.02 + text.length * letter;
    words.push({ left, text, part });
  };
  const all = [
    ...parts.map((part) => ({ part, gap: null, from: part.from, to: part.to })),
    ...gaps.map((gap) => ({ part: null, gap, from: gap.from_ms, to: gap.to_ms })),
  ].sort((a, b) => a.from - b.from);
  for (const one of all) {
    const at = place(one.from, one.to);
    if (!at) continue;
    if (one.gap) say(at.left, `Gap ${span(one.to - one.from)}`, null);
    else if (one.part && one.part.value !== "healthy" && at.right - at.left > kWordShareMin) say(at.left, one.part.label, one.part);
  }
  return (
    <div class="ribbon" role="img" aria-label={summary(parts, gaps)}>
      <div class="ribbon-parts">
        {parts.map((part) => {
          const at = place(part.from, part.to);
          return (
            at && (
              <i
                key={part.from}
                class={`ribbon-part ribbon-${part.value}`}
                title={`${part.label}, ${dayClock(part.from)}, ${span(part.to - part.from)}`}
                style={{ left: `${at.left * 100}%`, width: `${(at.right - at.left) * 100}%` }}
              />
            )
          );
        })}
        {gaps.map((gap) => {
          const at = place(gap.from_ms, gap.to_ms);
          return (
            at && (
              <i
                key={`gap${gap.from_ms}`}
                class="ribbon-part ribbon-gap"
                title={`Gap, ${dayClock(gap.from_ms)}, ${span(gap.to_ms - gap.from_ms)}: ${causeWords(gap.cause)}`}
                style={{ left: `${at.left * 100}%`, width: `${Math.max(0.3, (at.right - at.left) * 100)}%` }}
              />
            )
          );
        })}
      </div>
      <div class="ribbon-words">
        {words.map(({ left, text, part }) => (
          <span key={left} style={{ left: `${left * 100}%` }}>
            {part && part.value !== "stopped" && <Shape name={part.value} size={12} />} {text}
          </span>
        ))}
      </div>
    </div>
  );
}

function summary(parts: readonly RibbonPart[], gaps: Series["gaps"]): string {
  const told = parts.filter((part) => part.value !== "healthy").slice(-6);
  const text = told.map((part) => `${part.label} from ${dayClock(part.from)}`);
  if (gaps.length > 0) text.push(gaps.length === 1 ? "1 gap" : `${gaps.length} gaps`);
  return text.length > 0 ? `States: ${text.join(", ")}` : "States: healthy throughout, or nothing heard";
}
