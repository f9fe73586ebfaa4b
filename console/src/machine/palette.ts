// The tokens as plots need them: canvas takes colours, not style sheets.
export interface Colors {
  [name: string]: string;
}

const kNames = [
  "text", "text2", "text3", "line", "panel", "bg", "accent", "act", "warn", "warn-text", "watch", "ok", "unk", "unk-soft",
  "series2", "series3", "baseline",
];

export function colors(): Colors {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(kNames.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export const kPlotFont = '11px "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", system-ui, sans-serif';

/** The colour with an opacity of `alpha` (0..1); tokens are #rrggbb. */
export const faded = (color: string, alpha: number): string =>
  `${color}${Math.round(alpha * 255).toString(16).padStart(2, "0")}`;
