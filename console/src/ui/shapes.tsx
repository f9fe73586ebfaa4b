// State as a shape: readable in grey, at 14 px, and from across a room. Colour only repeats it (see tokens.css).
import type { ComponentChildren } from "preact";
import type { Shown } from "../logic/types.ts";

export type ShapeName = Shown | "out_of_service";

const kShapes: Record<ShapeName, ComponentChildren> = {
  act: (
    <>
      <path class="fill" d="M5.1 1h5.800L15 5.100v5.800L10.900 15H5.100L1 10.900V5.100z" />
      <path class="ink" d="M8 4.200v4.600" />
      <circle class="dot" cx="8" cy="11.300" r="1.150" />
    </>
  ),
  warning: (
    <>
      <path class="fill" d="M8 1.700 15 14.200H1z" />
      <path class="ink" d="M8 6v4" />
      <circle class="dot" cx="8" cy="12.100" r="1" />
    </>
  ),
  watch: <path class="line" d="M8 1.600 14.400 8 8 14.400 1.600 8z" />,
  healthy: <circle class="line" cx="8" cy="8" r="5" />,
  learning: <path class="line" d="M8 2.500a5.500 5.500 0 1 1-5.300 4" />,
  stopped: <rect class="line" x="2.800" y="2.800" width="10.400" height="10.400" rx="1" />,
  unknown: (
    <>
      <circle class="line dashed" cx="8" cy="8" r="6.600" />
      <path class="line" d="M6.100 6.600a1.900 1.900 0 1 1 2.700 1.700c-.6.300-.8.600-.8 1.200" />
      <circle class="dot" cx="8" cy="11.600" r=".9" />
    </>
  ),
  shelved: (
    <>
      <circle class="line" cx="8" cy="8" r="6.200" />
      <path class="line" d="M8 4.500V8l2.300 1.600" />
    </>
  ),
  out_of_service: (
    <>
      <circle class="line" cx="8" cy="8" r="6.200" />
      <path class="line" d="m3.700 12.300 8.600-8.600" />
    </>
  ),
};

/** Decoration: the word stands beside it wherever it is used alone, as `label` says. */
export function Shape({ name, size = 14, label }: { name: ShapeName; size?: number; label?: string }) {
  const named = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true as const };
  return (
    <svg class={`shape shape-${name}`} viewBox="0 0 16 16" width={size} height={size} {...named}>
      {kShapes[name]}
    </svg>
  );
}

const kIcons = {
  board: <path d="M3 3h6v6H3zM13 3h6v6h-6zM3 13h6v6H3zM13 13h6v6h-6z" />,
  alarms: <path d="M3 13h4.500l1.500 2.500h4l1.500-2.500H19M3 13l2.500-8.500h11L19 13v5.500H3z" />,
  devices: <path d="M5.500 5.500h11v11h-11zM9 9h4v4H9zM8 5.500V2.800M14 5.500V2.800M8 19.200v-2.700M14 19.200v-2.700M5.500 8H2.800M5.500 14H2.800M19.200 8h-2.700M19.200 14h-2.700" />,
  search: <path d="M9.500 3.500a6 6 0 1 1 0 12 6 6 0 0 1 0-12M14 14l5 5" />,
  theme: <path d="M11 3a8 8 0 1 0 0 16zM11 3a8 8 0 0 1 0 16" />,
  keys: <path d="M2.500 6h17v10.500h-17zM6 9.500h.01M9.300 9.500h.01M12.700 9.500h.01M16 9.500h.01M7 13h8" />,
  check: <path d="m4 11.500 4.500 4.500L18 6" />,
  gap: <path d="M3 11h3M9.500 11h3M16 11h3" />,
  model: <path d="m11 3 8 4-8 4-8-4zM3 11l8 4 8-4M3 15l8 4 8-4" />,
} as const;

export type IconName = keyof typeof kIcons;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 22 22" width={size} height={size} aria-hidden="true">
      {kIcons[name]}
    </svg>
  );
}
