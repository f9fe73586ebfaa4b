import { markShape, type MarkShape } from "../logic/marks.ts";

const kPaths: Record<MarkShape, string> = {
  triangle: "M2 3.500h12L8 13.500z",
  diamond: "M8 2.500 13.500 8 8 13.500 2.500 8z",
  circle: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3",
  square: "M3.500 3.500h9v9h-9z",
  bar: "M8 3v10",
};

/** The mark of a family of lines; filled where it is the one in question. */
export function MarkIcon({ name, main, size = 12 }: { name: string; main: boolean; size?: number }) {
  const shape = main ? "triangle" : markShape(name);
  return (
    <svg class={`mark ${main ? "main" : ""}`} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      <path d={kPaths[shape === "triangle" && !main ? "triangle" : shape]} />
    </svg>
  );
}
