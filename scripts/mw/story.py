"""What happened beside what should have been seen: the simulator's ground truth against the decisions.

An alarm is any level but "none". A fault counts as detected at the first decision with an alarm between its onset and
its functional failure. An alarm that rises while no fault is under way in that machine is a false one.
"""

import json
import random
import threading
from dataclasses import dataclass
from pathlib import Path

from plants import ZONE_D_MM_S

CLOUD_MS_MIN, CLOUD_MS_MAX = 200, 800


@dataclass
class Fault:
    site: str
    asset: str
    kind: str
    onset: float                       # wall clock, seconds
    failure: float                     # when the machine fails, or is to fail by its schedule
    failed: bool = False
    repaired: float | None = None
    detected: float | None = None
    level: str = ""
    named: str = ""                    # fault class of the newest alarm
    decision_ms: float | None = None
    cloud_at: float | None = None      # when a cloud's answer to the same reading would have been here
    threshold_at: float | None = None  # when velocity crossed the ISO zone C/D boundary

    def under_way(self, at: float) -> bool:
        return self.onset <= at and (self.repaired is None or at <= self.repaired + 30.0)

    def lead_s(self) -> float | None:
        return None if self.detected is None else self.failure - self.detected


class Story:
    """Thread-safe. `tell(kind, text)` receives each event worth a line."""

    def __init__(self, tell, link_cut_at, seed: int = 1):
        self.faults: list[Fault] = []
        self.false_alarms: list[dict] = []
        self._wear_s: dict[tuple[str, str, str], float] = {}
        self._tell = tell
        self._link_cut = link_cut_at    # site -> is its link cut now?
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._offsets: dict[Path, int] = {}

    def expect_wear(self, site: str, asset: str, kind: str, wear_s: float) -> None:
        self._wear_s[(site, asset, kind)] = wear_s

    # -- ground truth ----------------------------------------------------------------------------------------

    def read_truth(self, site: str, path: Path) -> None:
        """Takes in the lines that the simulator has written since the last call."""
        try:
            with open(path, "rb") as source:
                source.seek(self._offsets.get(path, 0))
                data = source.read()
        except OSError:
            return
        whole = data[:data.rfind(b"\n") + 1]
        self._offsets[path] = self._offsets.get(path, 0) + len(whole)
        for line in whole.splitlines():
            self._truth(site, json.loads(line))

    def _truth(self, site: str, line: dict) -> None:
        at, asset = line["ts"] / 1e9, line["asset"]
        with self._lock:
            if line["event"] == "onset":
                kind = line["fault"]
                wear_s = self._wear_s.get((site, asset, kind), 60.0)
                self.faults.append(Fault(site, asset, kind, at, at + wear_s))
                self._tell("fault", f"{asset} ({site}): {_words(kind)} begins to grow, failure in {wear_s:.0f} s")
                return
            fault = self._open_fault(site, asset)
            if fault is None:
                return
            if line["event"] == "failure":
                fault.failure, fault.failed = at, True
                known = "had been told" if fault.detected and fault.detected < at else "WAS NOT TOLD"
                self._tell("failure", f"{asset} ({site}): functional failure; this {known}")
            elif line["event"] == "repair":
                fault.repaired = at
                self._tell("repair", f"{asset} ({site}): repaired")

    def _open_fault(self, site: str, asset: str) -> Fault | None:
        same = [f for f in self.faults if f.site == site and f.asset == asset and f.repaired is None]
        return same[-1] if same else None

    # -- decisions -------------------------------------------------------------------------------------------

    def decision(self, site: str, asset: str, body: dict, level_before: int) -> None:
        at = body["ts"] / 1e9
        alarm = body.get("level") not in (None, "none")
        with self._lock:
            fault = next((f for f in reversed(self.faults) if (f.site, f.asset) == (site, asset) and f.under_way(at)), None)
            velocity = (body.get("signals") or {}).get("vib.velocity_rms")
            if fault and fault.threshold_at is None and velocity is not None and velocity >= ZONE_D_MM_S:
                fault.threshold_at = at
            if not alarm:
                return
            if fault is None:
                if level_before == 0:
                    self.false_alarms.append({"site": site, "asset": asset, "ts": body["ts"], "score": body.get("score")})
                    self._tell("false", f"{asset} ({site}): alarm on a healthy machine, score {body.get('score')}")
                return
            fault.named, fault.level = body.get("fault") or fault.named, body["level"]
            if fault.detected is None:
                self._detected(fault, at, body)

    def _detected(self, fault: Fault, at: float, body: dict) -> None:
        fault.detected = at
        fault.decision_ms = (body["ts"] - body["sensor_ts"]) / 1e6
        trip_ms = self._dice.uniform(CLOUD_MS_MIN, CLOUD_MS_MAX)
        cut = self._link_cut(fault.site)
        fault.cloud_at = None if cut else body["sensor_ts"] / 1e9 + trip_ms / 1000
        cloud = "not while the link is cut" if cut else f"{trip_ms:.0f} ms"
        threshold = (f"{fault.threshold_at - fault.onset:.1f} s after the onset" if fault.threshold_at else "still silent")
        self._tell("detected", f"{fault.asset} ({fault.site}): {body['level']}, {body.get('fault_name') or fault.named or 'fault not known yet'}, "
                   f"{at - fault.onset:.1f} s after the onset, {fault.failure - at:.1f} s before failure | decided in "
                   f"{fault.decision_ms:.1f} ms, cloud {cloud}, plain threshold {threshold}")

    # -- figures ---------------------------------------------------------------------------------------------

    def figures(self, now: float) -> dict:
        with self._lock:
            faults = [f for f in self.faults if f.onset <= now]
            found = [f for f in faults if f.detected is not None and f.detected < f.failure]
            leads = [f.lead_s() for f in found]
            return {
                "faults_injected": len(faults),
                "faults_detected": len(found),
                "faults_named_right": sum(f.named == f.kind for f in found),
                "faults_missed": [f"{f.site}/{f.asset}/{f.kind}" for f in faults if f not in found],
                "lead_time_s_min": round(min(leads), 2) if leads else 0.0,
                "detect_s_max": round(max((f.detected - f.onset for f in found), default=0.0), 2),
                "false_alarms_on_healthy": len(self.false_alarms),
                "false_alarm_assets": sorted({f"{a['site']}/{a['asset']}" for a in self.false_alarms}),
                "threshold_detected": sum(f.threshold_at is not None and f.threshold_at < f.failure for f in faults),
                "decisions_without_cloud": sum(f.cloud_at is None for f in found),
            }


def _words(kind: str) -> str:
    return kind.replace("_", " ")
