// A list that never moves under the hand. While the pointer or the focus is in it, the rows that are there stay where
// they are: rows that left stay until it is released, rows that are new wait behind "2 new, show".

export interface Held {
  ids: string[];
  waiting: number;
}

/**
 * @param shown   the ids on the screen, in order; null before the first time
 * @param wanted  the ids as they should stand now
 * @param holding pointer or focus is inside
 */
export function hold(shown: readonly string[] | null, wanted: readonly string[], holding: boolean): Held {
  if (!holding || shown === null || shown.length === 0) return { ids: [...wanted], waiting: 0 };
  const present = new Set(shown);
  return { ids: [...shown], waiting: wanted.filter((id) => !present.has(id)).length };
}
