"""One hub and its plants on this machine: brokers, agents, simulators, links that can be cut, witnesses, observers.

    world = World(folder, bin_dir, bundle, plants)
    world.start_hub(); world.start_plants(); ...; world.settle(); world.stop()
"""

import json
import shutil
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import ledger
import training
from broker import broker
from identity import READER, SENSOR, GatewayBroker, Identities, tls_of_gateway
from observer import Observer, wait_until
from plants import Plant, agent_toml, plant_toml
from procs import Family, Process, free_port, wait_for_port
from relay import Relay
from releases import Releases, delivery_toml

CONSOLE_PORT = 8480

# On a gateway the broker is part of the decision's path and stands right behind the agent, which takes 6 and 5 for
# itself. Sensors are hardware of their own: what else runs on this machine must not make them late.
GATEWAY_BROKER_RANK = 4
SENSORS_RANK = 3


@dataclass
class PlantRun:
    """What runs for one plant."""
    plant: Plant
    folder: Path
    broker_port: int
    accounts: GatewayBroker
    broker: Process | None = None
    agent: Process | None = None
    sim: Process | None = None
    witness: Process | None = None
    relay: Relay | None = None
    observer: Observer | None = None
    accepted_count: int = 0
    accepted_read: int = 0

    @property
    def truth(self) -> Path:
        return self.folder / "truth.jsonl"

    @property
    def published(self) -> Path:
        return self.folder / "published.jsonl"

    @property
    def accepted(self) -> Path:
        return self.folder / "accepted.txt"


@dataclass
class World:
    folder: Path
    bin_dir: Path
    bundle: Path
    plants: list[Plant]
    uplink_qos: int = 1
    commissioning_s: float = 20.0
    trial_windows: int = 40            # of a new model's shadow and probation, each, ...
    trial_s: float = 18.0              # ... and how long they last at least
    gateway_programs: dict = field(default_factory=dict)   # argv heads of "mosquitto" and "agent" where they are others
    family: Family = field(default_factory=Family)
    runs: list[PlantRun] = field(default_factory=list)

    def __post_init__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.hub_port = free_port(CONSOLE_PORT)
        self.hub_broker_port = free_port()
        self.identities = Identities(self.folder / "hub", self.bin_dir)
        self.releases = Releases(self.folder / "hub", self.bin_dir)
        self.hub: Process | None = None
        self.hub_broker: Process | None = None

    # -- start -----------------------------------------------------------------------------------------------

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}/"

    @property
    def console_url(self) -> str:
        """Signs in by itself: the console takes the token and removes it from the address."""
        return f"{self.hub_url}#token={self.identities.token()}"

    @property
    def database(self) -> Path:
        return self.folder / "hub" / "hub.db"

    def start_hub(self) -> None:
        folder = self.folder / "hub"
        folder.mkdir(exist_ok=True)
        self.identities.make_authority()
        broker_folder = folder / "broker"
        self.hub_broker = self.family.add(broker(
            "hub-broker", self.folder, self.identities.hub_broker(broker_folder, self.hub_broker_port)))
        wait_for_port(self.hub_broker_port, self.hub_broker)
        self.releases.make()
        config = folder / "hub.toml"
        config.write_text(hub_toml(self.hub_port, self.hub_broker_port, self.database, self.releases.folder,
                                   self.identities.tls_of_hub(), self.identities.hub_toml(broker_folder)))
        self.hub = self.family.add(Process("hub", [self.bin_dir / "millwright-hub", "--config", config],
                                           self.folder / "logs" / "hub.log"))
        wait_for_port(self.hub_port, self.hub)
        if not wait_until(self.hub_ready, 20):
            raise RuntimeError(f"the hub is not ready after 20 s:\n{self.hub.last_words()}")

    def start_plants(self, on_decision, on_gateway=None, simulate: bool = True) -> None:
        for plant in self.plants:
            self.runs.append(self._start_gateway(plant, on_decision, on_gateway))
        if simulate:
            for run in self.runs:
                self._start_sim(run)

    def _start_gateway(self, plant: Plant, on_decision, on_gateway) -> PlantRun:
        folder = self.folder / plant.site
        folder.mkdir()
        port = free_port()
        run = PlantRun(plant, folder, port, self.identities.gateway_broker(folder / "broker", plant.site, port))
        run.broker = self.family.add(broker(f"{plant.site}-broker", self.folder, run.accounts.config,
                                             GATEWAY_BROKER_RANK, self.gateway_programs.get("mosquitto", ("mosquitto",))))
        wait_for_port(run.broker_port, run.broker)
        run.relay = Relay(plant.site, self.hub_broker_port)
        socket_path = folder / "witness.sock"
        run.witness = self.family.add(Process(
            f"{plant.site}-witness", ["/usr/bin/python3", Path(__file__).with_name("witness.py"), socket_path,
                                      run.accepted], self.folder / "logs" / f"{plant.site}-witness.log"))
        if not wait_until(socket_path.exists, 10, 0.02):
            raise RuntimeError(f"the witness of {plant.site} did not start:\n{run.witness.last_words()}")
        self.identities.enroll(self.hub_url, plant.device, folder / "identity")
        config = folder / "agent.toml"
        config.write_text(agent_toml(plant, run.broker_port, run.relay.port, folder / "state", self.bundle,
                                     str(socket_path), training.schema_channels(self.bundle), self.uplink_qos,
                                     self.commissioning_s,
                                     delivery_toml(self.releases.root, self.trial_windows, self.trial_s),
                                     run.accounts.account("agent"), tls_of_gateway(folder / "identity")))
        run.observer = Observer(plant.site, run.broker_port, run.accounts.account(READER), on_decision, on_gateway,
                                training.step_ms(self.bundle))
        run.agent = self.family.add(Process(f"{plant.site}-agent",
                                            [*self.gateway_programs.get("agent", [self.bin_dir / "millwright-agent"]),
                                             "--config", config],
                                            self.folder / "logs" / f"{plant.site}-agent.log"))
        if not wait_until(lambda: run.observer.gateway.get("online") or not run.agent.alive(), 20):
            raise RuntimeError(f"the agent of {plant.site} told no state in 20 s:\n{run.agent.last_words()}")
        if not run.agent.alive():
            raise RuntimeError(f"the agent of {plant.site} ended:\n{run.agent.last_words()}")
        return run

    def _start_sim(self, run: PlantRun) -> None:
        config = run.folder / "plant.toml"
        config.write_text(plant_toml(run.plant, run.broker_port, account=run.accounts.account(SENSOR)))
        run.sim = self.family.add(Process(
            f"{run.plant.site}-sim", [self.bin_dir / "millwright-sim", "--config", config, "--truth", run.truth,
                                      "--published", run.published],
            self.folder / "logs" / f"{run.plant.site}-sim.log", keep_stdin=True, realtime=SENSORS_RANK))

    # -- while it runs ---------------------------------------------------------------------------------------

    def run_of(self, site: str) -> PlantRun:
        return next(r for r in self.runs if r.plant.site == site)

    def inject(self, site: str, asset: str, fault: str, wear_s: float) -> bool:
        return self.run_of(site).sim.say(json.dumps({"do": "inject", "asset": asset, "fault": fault, "wear_s": wear_s}))

    def repair(self, site: str, asset: str) -> bool:
        return self.run_of(site).sim.say(json.dumps({"do": "repair", "asset": asset}))

    def sample(self) -> None:
        """Takes the memory of the long-running programs."""
        for process in [self.hub, *(r.agent for r in self.runs)]:
            if process:
                process.sample_rss()

    def unexpected_ends(self) -> list[Process]:
        return [p for p in self.family.dead() if p.child is not None]

    # -- end -------------------------------------------------------------------------------------------------

    def stop_sims(self) -> None:
        for run in self.runs:
            if run.sim:
                run.sim.say('{"do":"stop"}')
        for run in self.runs:
            if run.sim:
                run.sim.finish(10)

    def books(self) -> ledger.HubBooks:
        return ledger.HubBooks(self.database)

    def compare(self) -> dict:
        accepted = ledger.witnessed([r.accepted for r in self.runs])
        books = self.books()
        return ledger.compare(accepted, books.ids(), books.evicted())

    def progress(self) -> tuple[int, int]:
        """How many events were accepted and how many are stored: a cheap look, for the status line."""
        for run in self.runs:
            run.accepted_count += _count_new_lines(run.accepted, run)
        return sum(r.accepted_count for r in self.runs), self.books().stored()

    def stop_agents(self) -> None:
        """SIGTERM: an agent writes down what it still holds, then sends what it can."""
        for run in self.runs:
            if run.agent:
                run.agent.sample_rss()
                run.agent.stop(15)

    def settle(self, wait_s: float = 60.0, quiet_s: float = 2.5) -> dict:
        """Waits until the hub has what the witnesses saw and both stay so for `quiet_s`; the last comparison."""
        until = time.monotonic() + wait_s
        same_since, last = None, {}
        while time.monotonic() < until:
            now = self.compare()
            if now["events_lost"] == 0 and now == last:
                same_since = same_since or time.monotonic()
                if time.monotonic() - same_since >= quiet_s:
                    return now
            else:
                same_since = None
            last = now
            time.sleep(0.3)
        return last

    def stop(self) -> None:
        for run in self.runs:
            if run.observer:
                run.observer.close()
        self.family.stop_all()
        for run in self.runs:
            if run.relay:
                run.relay.close()

    # -- hub -------------------------------------------------------------------------------------------------

    def hub_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.hub_url + "readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def hub_get(self, path: str):
        request = urllib.request.Request(self.hub_url + path.lstrip("/"), headers=self._access())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _access(self) -> dict:
        return {"Authorization": f"Bearer {self.identities.token()}"}

    def hub_post(self, path: str, body: dict):
        request = urllib.request.Request(self.hub_url + path.lstrip("/"), json.dumps(body).encode(),
                                         {"Content-Type": "application/json", **self._access()})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or b"{}")
            raise RuntimeError(f"the hub refused {path}: {problem.get('detail', error)}") from None


def _count_new_lines(file: Path, run: PlantRun) -> int:
    try:
        with open(file, "rb") as source:
            source.seek(run.accepted_read)
            data = source.read()
    except OSError:
        return 0
    run.accepted_read += len(data)
    return data.count(b"\n")


def hub_toml(http_port: int, broker_port: int, database: Path, repository: Path, tls: list[str],
             identity: list[str]) -> str:
    return "\n".join(["[broker]", 'host = "127.0.0.1"', f"port = {broker_port}", *tls,
                      "[http]", f'listen = "127.0.0.1:{http_port}"',
                      "[store]", f'path = "{database}"',
                      "[delivery]", f'repository = "{repository}"', *identity, ""])
