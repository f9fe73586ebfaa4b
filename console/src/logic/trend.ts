// "rising", "steady" or "falling": the last sixth of the sparkline against the sixth before. Words for what the eye sees,
// not a diagnosis.
const kMove = 0.04;

export function trend(values: readonly (number | null)[]): "rising" | "steady" | "falling" | "" {
  const known = values.filter((value): value is number => value !== null);
  const part = Math.max(2, Math.floor(known.length / 6));
  if (known.length < 2 * part) return "";
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const move = mean(known.slice(-part)) - mean(known.slice(-2 * part, -part));
  return move > kMove ? "rising" : move < -kMove ? "falling" : "steady";
}
