"""The books: what the witnesses saw accepted against what stands in the hub's database, event by event, and what the
simulators published against what the hub knows was received or has declared missing."""

import bisect
import json
import sqlite3
from collections import Counter, defaultdict
from pathlib import Path

LANES = {"alarm": 0, "health": 1, "features": 2, "raw": 3}
MASK = (1 << 64) - 1


def witnessed(files: list[Path]) -> Counter:
    """How often each id (device, epoch, lane, seq) was accepted; a second time is a fault of the agent's."""
    ids: Counter = Counter()
    for file in files:
        if not file.exists():
            continue
        for line in file.read_text().splitlines():
            device, epoch, lane, seq, *_ = line.split()
            ids[(device, _epoch(epoch), LANES.get(lane, -1) if lane in LANES else int(lane), int(seq))] += 1
    return ids


def _epoch(text: str) -> int:
    return int(text, 16 if text.startswith("0x") or len(text) == 16 and not text.isdigit() else 10) & MASK


class HubBooks:
    """Reads the hub's database beside the running hub (read-only)."""

    def __init__(self, database: Path):
        self._path = database

    def _query(self, sql: str, arguments=()) -> list:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, arguments).fetchall()
        finally:
            connection.close()

    def ids(self) -> Counter:
        rows = self._query("SELECT device, epoch, lane, seq FROM events")
        return Counter((d, e & MASK, lane, seq) for d, e, lane, seq in rows)

    def stored(self) -> int:
        return self._query("SELECT COUNT(*) FROM events")[0][0]

    def evicted(self) -> list[tuple]:
        return [(d, e & MASK, lane, a, b) for d, e, lane, a, b in
                self._query("SELECT device, epoch, lane, seq_from, seq_to FROM evicted")]

    def gaps(self) -> list[tuple]:
        """(device, asset, channel, from_ns, to_ns, cause); an empty asset or channel stands for all."""
        return self._query("SELECT device, asset, channel, from_ns, to_ns, cause FROM gaps")

    def feature_batches(self, wire):
        """(device, asset, FeatureBatch) of every batch; `wire`: the generated protobuf module."""
        for device, payload in self._query("SELECT device, payload FROM events WHERE kind = 'features'"):
            event = wire.Event()
            event.ParseFromString(payload)
            yield device, event.features

    def alarms(self) -> list[tuple]:
        return self._query("SELECT device, asset, alarm_key, raised_ns, cleared_ns FROM alarms")


def compare(accepted: Counter, hub: Counter, evicted: list[tuple]) -> dict:
    """Accepted against stored. `duplicated` counts an id that stands in either book more than once."""
    gone = defaultdict(list)
    for device, epoch, lane, first, last in evicted:
        gone[(device, epoch, lane)].append((first, last))
    missing = [i for i in accepted if i not in hub and not any(a <= i[3] <= b for a, b in gone[i[:3]])]
    return {
        "events_accepted": len(accepted),
        "events_in_hub": sum(hub.values()),
        "events_lost": len(missing),
        "events_duplicated": sum(n - 1 for n in hub.values()) + sum(n - 1 for n in accepted.values()),
        "events_unwitnessed": sum(i not in accepted for i in hub),
    }


def telemetry(books: HubBooks, wire, step_ms: float) -> dict:
    """Seconds that are missing from the machines' feature telemetry between its first and last step (holes, whether
    declared or not), and steps that stand there twice."""
    steps: dict[tuple[str, str], list[int]] = defaultdict(list)
    for device, batch in books.feature_batches(wire):
        steps[(device, batch.asset)].extend(batch.ts_ns)
    step_ns = step_ms * 1e6
    hole_ns, twice, longest = 0.0, 0, 0.0
    for times in steps.values():
        times.sort()
        for before, after in zip(times, times[1:]):
            twice += after == before
            if after - before > 1.5 * step_ns:
                hole_ns += after - before - step_ns
                longest = max(longest, after - before)
    return {"telemetry_gap_s": round(hole_ns / 1e9, 3), "telemetry_gap_s_longest": round(longest / 1e9, 3),
            "telemetry_steps": sum(map(len, steps.values())), "telemetry_steps_twice": twice,
            "gaps_declared": len(books.gaps())}


def undeclared(published: dict[str, list[Path]], channels: set[str], books: HubBooks, wire) -> dict:
    """Readings that a broker acknowledged and that the hub neither counts as received nor as missing.

    `published`: per device the simulators' files of acknowledged readings; of these the `channels` that the gateways
    are configured to take. A reading is accounted for where its time lies in a received stretch of its channel or in
    a declared gap.
    """
    spans: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    received = 0
    for device, batch in books.feature_batches(wire):
        for c in batch.coverage:
            spans[(device, batch.asset, c.channel)].append((c.first_ns, c.last_ns))
            received += c.count
    gaps: dict[str, list[tuple]] = defaultdict(list)
    for device, asset, channel, first, last, _cause in books.gaps():
        gaps[device].append((asset, channel, first, last))
    total, in_gap, lost = 0, 0, []
    cache: dict[tuple, tuple[list, list]] = {}
    for device, files in published.items():
        for line in _lines(files):
            if line["channel"] not in channels:
                continue
            total += 1
            key = (device, line["asset"], line["channel"])
            if key not in cache:
                cache[key] = (_merged(spans.get(key, [])), _merged(_gaps_of(gaps[device], *key[1:])))
            covered, declared = cache[key]
            if _inside(covered, line["ts"]):
                continue
            if _inside(declared, line["ts"]):
                in_gap += 1
            else:
                lost.append((line["ts"], *key))
    return {"readings_published": total, "readings_received": received, "readings_in_gaps": in_gap,
            "readings_undeclared": len(lost), "readings_undeclared_first": [str(x) for x in lost[:5]]}


def _lines(files: list[Path]):
    for file in files:
        if not file.exists():
            continue
        with open(file) as source:
            for text in source:
                if text.endswith("\n"):   # a line cut short by a kill was never told
                    yield json.loads(text)


def _gaps_of(gaps: list[tuple], asset: str, channel: str) -> list[tuple[int, int]]:
    return [(first, last) for a, c, first, last in gaps if a in ("", asset) and c in ("", channel)]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[list[int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return [(a, b) for a, b in merged]


def _inside(merged: list[tuple[int, int]], at: int) -> bool:
    index = bisect.bisect_right(merged, (at, float("inf"))) - 1
    return index >= 0 and merged[index][0] <= at <= merged[index][1]
