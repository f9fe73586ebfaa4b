// The palette's search: every typed word must occur; the start of a word counts more than its middle.

export interface Item {
  id: string;
  group: "Machine" | "Alarm" | "Gateway" | "Rollout" | "Action";
  label: string;
  detail: string;
  keys?: string;
  run: () => void;
}

function rate(text: string, word: string): number {
  const at = text.indexOf(word);
  if (at < 0) return 0;
  if (at === 0) return 4;
  return /[\s\-_./,]/.test(text[at - 1] ?? "") ? 3 : 1;
}

export function search(items: readonly Item[], query: string, limit: number): Item[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items.slice(0, limit);
  const found: { item: Item; rating: number; at: number }[] = [];
  items.forEach((item, at) => {
    const label = item.label.toLowerCase();
    const detail = item.detail.toLowerCase();
    let rating = 0;
    for (const word of words) {
      const one = Math.max(2 * rate(label, word), rate(detail, word));
      if (one === 0) return;
      rating += one;
    }
    found.push({ item, rating, at });
  });
  found.sort((a, b) => b.rating - a.rating || a.at - b.at);
  return found.slice(0, limit).map((one) => one.item);
}
