// A machine for tests: healthy and current unless said otherwise.
import type { Machine } from "./types.ts";

export function machine(change: Partial<Machine> = {}): Machine {
  return {
    site: "alder", area: "hall", asset: "P-1", name: "Pump", device: "gw-1", state: "running", level: "none", shown: "healthy",
    fault: null, fault_name: null, score: 0.1, value: 2, value_unit: "mm/s", value_name: "vib.velocity_rms", since_ms: 0, last_data_ms: 0,
    current: true, was: null, learning_left_s: null, spark: [], watch_from: 0.6, ...change,
  };
}
