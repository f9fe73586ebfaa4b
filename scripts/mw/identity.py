"""Who may speak in the demo: the hub's authority, brokers that know everybody by certificate or password, the console's
token. All of it as on a real site, by the same commands."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

# An agent has its own account; these are for what stands around a gateway.
SENSOR, READER = "sensors", "controllers"


@dataclass
class GatewayBroker:
    """A gateway's broker: its configuration and who has which password."""
    config: Path
    accounts: dict[str, str]

    def account(self, name: str) -> tuple[str, str]:
        return name, self.accounts[name]


class Identities:
    def __init__(self, folder: Path, bin_dir: Path):
        self.folder = folder / "identity"
        self.first_token = folder / "first-admin-token"
        self._cli = bin_dir / "millwright"

    def make_authority(self) -> None:
        self._run("ca", "init", "--dir", self.folder, "--host", "127.0.0.1", "--host", "localhost")

    def hub_broker(self, folder: Path, port: int) -> Path:
        """Writes the hub's broker's configuration; its path."""
        self._run("mosquitto-config", "hub", "--identity", self.folder, "--out", folder, "--listen", "127.0.0.1",
                  "--port", port, *_user())
        return folder / "mosquitto.conf"

    def gateway_broker(self, folder: Path, site: str, port: int) -> GatewayBroker:
        self._run("mosquitto-config", "gateway", "--site", site, "--out", folder, "--port", port, "--sensor", SENSOR,
                  "--reader", READER, *_user())
        lines = (folder / "accounts").read_text().splitlines()
        return GatewayBroker(folder / "mosquitto.conf", dict(line.split() for line in lines))

    def token(self) -> str:
        return self.first_token.read_text().strip()

    def enroll(self, hub_url: str, device: str, folder: Path) -> None:
        """What a person does on the hub, then on the gateway."""
        allowed = self._run("--hub", hub_url, "--token-file", self.first_token, "enroll-token", device)
        self._run("enroll", "--hub", hub_url, "--token", allowed["token"], "--dir", folder)

    def hub_toml(self, broker_folder: Path) -> list[str]:
        return ["[identity]", f'folder = "{self.folder}"', f'broker_pid_file = "{broker_folder}/mosquitto.pid"',
                "[access]", "required = true", f'first_token_file = "{self.first_token}"']

    def tls_of_hub(self) -> list[str]:
        return tls_lines(self.folder / "ca.pem", self.folder / "hub.pem", self.folder / "hub.key")

    def _run(self, *words) -> dict:
        done = subprocess.run([str(self._cli), *map(str, words), "--json"], capture_output=True, text=True, timeout=60)
        answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
        if done.returncode != 0:
            raise RuntimeError(f"millwright {' '.join(map(str, words[:2]))}: {answer.get('error') or done.stderr.strip()}")
        return answer


def tls_lines(ca: Path, certificate: Path, key: Path) -> list[str]:
    """A connection's keys in hub.toml and agent.toml."""
    return [f'ca_file = "{ca}"', f'cert_file = "{certificate}"', f'key_file = "{key}"']


def tls_of_gateway(folder: Path) -> list[str]:
    return tls_lines(folder / "ca.pem", folder / "identity.pem", folder / "identity.pem")


def account_lines(account: tuple[str, str] | None) -> list[str]:
    return [f'username = "{account[0]}"', f'password = "{account[1]}"'] if account else []


def _user() -> list[str]:
    """Changing its user would drop the parent-death signal, and a broker would outlive a killed demo."""
    return ["--user", "root"] if os.geteuid() == 0 else []
