// What the person chose on the board; kept while they look at a machine and come back.
import { signal } from "@preact/signals";
import type { Filter } from "../logic/select.ts";

export const filter = signal<Filter>({ shown: null, text: "" });
/** How often the filter was asked for; 0: it is shut. Asked again, it takes the focus back. */
export const filterAsked = signal(0);
/** Above this many machines tiles give way to the canvas grid. */
export const kTilesMax = 300;
