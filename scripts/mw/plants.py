"""The demo's plants: reads examples/demo/plants.toml and writes the simulator's and the agent's configuration."""

import math
import random
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from identity import account_lines

ROOT = Path(__file__).resolve().parents[2]
VIB_RATE_HZ = 12800
BLOCK_MS = 200
ZONE_C_MM_S, ZONE_D_MM_S = 4.5, 7.1   # ISO 20816-3, group 2 on flexible supports

FAULTS = ["outer_race", "inner_race", "ball", "unbalance", "misalignment", "cavitation", "overheating"]


@dataclass
class Machine:
    asset: str
    area: str
    name: str
    kind: str
    shaft_hz: float
    rated_kw: float
    bearing: dict
    load: str

    def orders(self) -> dict:
        """Bearing fault frequencies as orders of shaft speed (bsf: one ball's spin); empty where no bearing is known."""
        if "n" not in self.bearing:
            return self.bearing   # orders already, as recordings carry them
        n, ratio = self.bearing["n"], self.bearing["ball_mm"] / self.bearing["pitch_mm"]
        slope = ratio * math.cos(math.radians(self.bearing["angle_deg"]))
        return {"bpfo": n / 2 * (1 - slope), "bpfi": n / 2 * (1 + slope),
                "bsf": (1 - slope * slope) / (2 * ratio), "ftf": (1 - slope) / 2}

    def faults(self) -> list[str]:
        return [f for f in FAULTS if f != "cavitation" or self.kind == "pump"]


@dataclass
class ScheduledFault:
    asset: str
    kind: str
    onset_s: float
    wear_s: float


@dataclass
class Plant:
    site: str
    device: str
    seed: int
    machines: list[Machine]
    faults: list[ScheduledFault] = field(default_factory=list)

    def machine(self, asset: str) -> Machine | None:
        return next((m for m in self.machines if m.asset == asset), None)


def load_plants(path: Path = ROOT / "examples/demo/plants.toml") -> list[Plant]:
    with open(path, "rb") as source:
        table = tomllib.load(source)
    return [Plant(p["site"], p["device"], p["seed"], [Machine(**m) for m in p["machine"]]) for p in table["plant"]]


def schedule(plants: list[Plant], seconds: float, commissioning_s: float) -> None:
    """Faults of an unattended run: three a plant, on different machines, one after the other, each with the time to
    grow to its functional failure before the run ends where that is possible at all."""
    wear_s = min(60.0, max(20.0, (seconds - commissioning_s) * 0.6))
    first = commissioning_s + (10.0 if seconds >= 100 else 5.0)
    last = max(first + 2.0, seconds - wear_s - 5.0)
    chosen = [("alder", "P-102", "outer_race"), ("birch", "SP-12", "unbalance"), ("alder", "GB-302", "misalignment"),
              ("birch", "P-24", "cavitation"), ("alder", "F-210", "inner_race"), ("birch", "C-31", "overheating")]
    for index, (site, asset, kind) in enumerate(chosen):
        plant = next(p for p in plants if p.site == site)
        onset = first + (last - first) * index / (len(chosen) - 1)
        plant.faults.append(ScheduledFault(asset, kind, round(onset, 1), round(wear_s, 1)))


def plant_toml(plant: Plant, broker_port: int, wear_s: float = 60.0, account: tuple[str, str] | None = None) -> str:
    lines = ["[plant]", f'site = "{plant.site}"', f"seed = {plant.seed}", f"wear_s = {wear_s}",
             f"block_ms = {BLOCK_MS}", "[broker]", 'host = "127.0.0.1"', f"port = {broker_port}", "qos = 2",
             *account_lines(account), ""]
    for m in plant.machines:
        lines += ["[[machine]]", f'asset = "{m.asset}"', f'area = "{m.area}"', f'name = "{m.name}"',
                  f'kind = "{m.kind}"', f"shaft_hz = {m.shaft_hz}", f"rated_kw = {m.rated_kw}",
                  f"bearing = {_inline(m.bearing)}", f"vib_rate_hz = {VIB_RATE_HZ}", f'load = "{m.load}"', ""]
        for fault in (f for f in plant.faults if f.asset == m.asset):
            lines += ["  [[machine.fault]]", f'  kind = "{fault.kind}"', f"  onset_s = {fault.onset_s}",
                      f"  wear_s = {fault.wear_s}", ""]
    return "\n".join(lines)


def agent_toml(plant: Plant, broker_port: int, uplink_port: int, state: Path, bundle: Path, witness: str,
               channels: list[dict], uplink_qos: int = 1, commissioning_s: float = 20.0,
               delivery: list[str] = (), account: tuple[str, str] | None = None, uplink_tls: list[str] = ()) -> str:
    """`channels`: the ones that the bundle's schema names, each with name, unit, kind and rate_hz. `delivery`: lines of
    a section of their own; `account`: at the gateway's broker; `uplink_tls`: further lines of [uplink]."""
    lines = ["[device]", f'id = "{plant.device}"', f'site = "{plant.site}"',
             "[broker]", 'host = "127.0.0.1"', f"port = {broker_port}", *account_lines(account),
             "[uplink]", 'host = "127.0.0.1"', f"port = {uplink_port}", f"qos = {uplink_qos}", *uplink_tls,
             "[paths]", f'state = "{state}"', "[model]", f'bundle = "{bundle}"',
             "[witness]", f'socket = "{witness}"', *delivery, ""]
    for m in plant.machines:
        lines += ["[[asset]]", f'id = "{m.asset}"', f'area = "{m.area}"', f'name = "{m.name}"', f'class = "{m.kind}"',
                  f"commissioning_s = {commissioning_s}", f"zone_c_mm_s = {ZONE_C_MM_S}", f"zone_d_mm_s = {ZONE_D_MM_S}"]
        spec = {k: v for k, v in {"shaft_hz": m.shaft_hz, **m.orders(), "rated_kw": m.rated_kw}.items() if v}
        lines += ["machine = " + _inline(spec)] * bool(spec) + [""]
        for c in channels:
            lines += ["  [[asset.channel]]", f'  name = "{c["name"]}"', f'  unit = "{c["unit"]}"',
                      f'  kind = "{c["kind"]}"', f"  rate_hz = {c['rate_hz']}", "  qos = 2", ""]
    return "\n".join(lines)


def training_plant(seed: int, seconds: float, machines: int = 20) -> Plant:
    """A plant that the demo never plays: other machines, other bearings and speeds; every other one gets a fault."""
    dice = random.Random(seed)
    kinds = ["pump", "fan", "gearbox", "spindle", "compressor"]
    loads = ["steady", "daily", "cyclic", "start-stop"]
    next_fault = seed
    speeds = {"pump": (20, 52), "fan": (12, 30), "gearbox": (20, 30), "spindle": (60, 110), "compressor": (40, 55)}
    plant = Plant(f"train{seed}", f"gw-train{seed}", seed, [])
    for index in range(machines):
        kind = kinds[index % len(kinds)]
        ball, ratio = dice.uniform(6.0, 18.0), dice.uniform(4.2, 6.5)
        balls = dice.randint(7, int(2.1 * ratio))   # that many leave a cage between them
        bearing = {"n": balls, "ball_mm": round(ball, 2), "pitch_mm": round(ball * ratio, 2),
                   "angle_deg": dice.choice([0.0, 0.0, 10.0, 15.0])}
        asset = f"M-{seed}-{index:02d}"
        plant.machines.append(Machine(asset, "bench", f"Test machine {index}", kind,
                                      round(dice.uniform(*speeds[kind]), 2), round(dice.uniform(7, 110), 1), bearing,
                                      dice.choice(loads)))
        if index % 2:
            continue   # healthy to the end: long stretches of changing load teach what is no fault
        fault = FAULTS[next_fault % len(FAULTS)]
        next_fault += 1
        if fault == "cavitation":
            plant.machines[-1].kind = "pump"
        onset = round(dice.uniform(seconds * 0.25, seconds * 0.6), 1)
        plant.faults.append(ScheduledFault(asset, fault, onset, round(dice.uniform(40, 90), 1)))
    return plant


def _inline(table: dict) -> str:
    return "{ " + ", ".join(f"{k} = {round(v, 5) if isinstance(v, float) else v}" for k, v in table.items()) + " }"
