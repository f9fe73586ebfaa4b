// A sparkline's path in a 100 x 100 box; score 1 on top. Nulls break the line: none crosses a gap.
export type Spark = readonly (number | null)[];

export interface SparkLine {
  path: string;
  end: { x: number; y: number } | null;
}

/** Fewer points than this do not fill the width: a young machine's line grows in from the right. */
const kPointsMin = 24;

export function line(values: Spark): SparkLine {
  const missing = Math.max(0, kPointsMin - values.length);
  const step = 100 / (values.length + missing - 1);
  let path = "";
  let end: SparkLine["end"] = null;
  let pen = false;
  values.forEach((value, index) => {
    if (value === null || !Number.isFinite(value)) {
      pen = false;
      return;
    }
    const x = Math.round((index + missing) * step * 10) / 10;
    const y = Math.round((100 - 100 * Math.min(1, Math.max(0, value))) * 10) / 10;
    path += `${pen ? "L" : "M"}${x} ${y}`;
    pen = true;
    end = { x, y };
  });
  return { path, end };
}
