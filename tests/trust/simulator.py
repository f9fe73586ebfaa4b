"""A TUF repository on python-tuf that a case can bend, served over HTTP, and the client under test beside it."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib import parse

from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

TOP = ("root", "timestamp", "snapshot", "targets")
NOW = datetime.now(timezone.utc).replace(microsecond=0)
MAKERS = {
    "ed25519": CryptoSigner.generate_ed25519,
    "ecdsa-sha2-nistp256": CryptoSigner.generate_ecdsa,
    "rsassa-pss-sha256": lambda: CryptoSigner.generate_rsa(size=2048),
    "rsa-pkcs1v15-sha256": lambda: CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256", size=2048),
}


def days(count: float) -> datetime:
    return NOW + timedelta(days=count)


class Keys:
    """Keys are made once for all cases; each case takes them in the same order."""

    made: dict[str, list] = {}

    def __init__(self):
        self.taken: dict[str, int] = {}

    def take(self, scheme: str = "ed25519"):
        pool = self.made.setdefault(scheme, [])
        at = self.taken.get(scheme, 0)
        if at == len(pool):
            pool.append(MAKERS[scheme]())
        self.taken[scheme] = at + 1
        return pool[at]


class Repository:
    def __init__(self):
        self.keys = Keys()
        self.with_hashes = False
        self.hash_prefix = True
        self.metadata: dict[str, Metadata] = {}
        self.signers: dict[str, list] = {}
        self.published: dict[str, list[bytes]] = {}
        self.artifacts: dict[str, bytes] = {}
        self.asked: list[tuple[str, int | None]] = []
        self.fetched: list[str] = []
        self.status: dict[str, int] = {}   # of a path that is to fail otherwise than by 404
        for kind in (Targets, Snapshot, Timestamp, Root):
            self.metadata[kind.type] = Metadata(kind(expires=days(30)))
        for role in TOP:
            self.add_key(role)
        self.publish("targets", "snapshot", "timestamp", "root")

    def __getattr__(self, role: str):   # repo.root, repo.timestamp, ...: what is signed
        if role in TOP:
            return self.metadata[role].signed
        raise AttributeError(role)

    # -- making it -------------------------------------------------------------------------------------------

    def add_key(self, role: str, signer=None, delegator: str = "root"):
        signer = signer or self.keys.take()
        self.metadata[delegator].signed.add_key(signer.public_key, role)
        self.signers.setdefault(role, []).append(signer)
        return signer

    def rotate(self, role: str) -> None:
        self.root.roles[role].keyids.clear()
        self.signers[role] = []
        for _ in range(self.root.roles[role].threshold):
            self.add_key(role)

    def publish(self, *roles: str) -> None:
        """Signs the next version of each and notes it in the role above."""
        for role in roles or ("targets", "snapshot", "timestamp"):
            signed = self.metadata[role].signed
            if role in self.published:
                signed.version += 1
            self.put(role)

    def put(self, role: str) -> None:
        """Signs it as it stands."""
        document = self.metadata[role]
        document.signatures.clear()
        for signer in self.signers[role]:
            document.sign(signer, append=True)
        self.published.setdefault(role, []).append(document.to_bytes(JSONSerializer()))
        self.note(role)

    def note(self, role: str) -> None:
        version, data = self.metadata[role].signed.version, self.published[role][-1]
        meta = MetaFile.from_data(version, data, ["sha256"]) if self.with_hashes else MetaFile(version)
        if role == "snapshot":
            self.timestamp.snapshot_meta = meta
        elif role not in ("root", "timestamp"):
            self.snapshot.meta[f"{role}.json"] = meta

    def rewrite(self, role: str, change, sign: bool = True) -> None:
        """Changes the JSON of what was published last, past what python-tuf would write."""
        document = json.loads(self.published[role].pop())
        change(document)
        if sign:
            payload = encode_canonical(document["signed"]).encode()
            document["signatures"] = [s.sign(payload).to_dict() for s in self.signers[role]]
        self.published[role].append(json.dumps(document).encode())

    def add_target(self, path: str, content: bytes, role: str = "targets", hashes=("sha256",)) -> None:
        self.metadata[role].signed.targets[path] = TargetFile.from_data(path, content, list(hashes))
        self.artifacts[path] = content

    def delegate(self, delegator: str, name: str, paths=("*",), terminating=False, prefixes=None, expires=None) -> None:
        parent = self.metadata[delegator].signed
        if parent.delegations is None:
            parent.delegations = Delegations({}, roles={})
        parent.delegations.roles[name] = DelegatedRole(
            name, [], 1, terminating, None if prefixes else list(paths), prefixes)
        if name not in self.metadata:
            self.metadata[name] = Metadata(Targets(expires=expires or days(30)))
        self.add_key(name, delegator=delegator)

    def delegate_bins(self, bits: int, prefix: str) -> list[str]:
        signer, bins = self.keys.take(), SuccinctRoles([], 1, bits, prefix)
        self.targets.delegations = Delegations({}, None, bins)
        for name in bins.get_roles():
            self.metadata[name] = Metadata(Targets(expires=days(30)))
            self.signers[name] = [signer]
        self.targets.add_key(signer.public_key)
        return list(bins.get_roles())

    # -- serving it ------------------------------------------------------------------------------------------

    def fetch(self, path: str) -> bytes | None:
        kind, _, name = path.partition("/")
        if kind == "metadata" and name.endswith(".json"):
            return self._fetch_metadata(name.removesuffix(".json"))
        if kind != "targets":
            return None
        self.fetched.append(name)
        folder, slash, file = parse.unquote(name).rpartition("/")
        if self.root.consistent_snapshot and self.hash_prefix:
            digest, _, file = file.partition(".")
            target = next((m.signed.targets[folder + slash + file] for m in self.metadata.values()
                           if isinstance(m.signed, Targets) and folder + slash + file in m.signed.targets), None)
            if target is None or digest not in target.hashes.values():
                return None
        return self.artifacts.get(folder + slash + file)

    def _fetch_metadata(self, name: str) -> bytes | None:
        version, dot, role = name.partition(".")
        if name == "timestamp" or not (version.isdigit() and dot) or not (self.root.consistent_snapshot or role == "root"):
            role, version = name, None
        self.asked.append((role, int(version) if version else None))
        versions = self.published.get(parse.unquote(role), [])
        if version is None:
            return versions[-1] if versions else None
        return versions[int(version) - 1] if 0 < int(version) <= len(versions) else None


class Server:
    """Serves the repository of the case that runs, on a free port of the loopback."""

    def __init__(self):
        outer = self
        self.repository: Repository | None = None

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (the name that http.server calls)
                path = self.path.lstrip("/")
                status, data = outer.repository.status.get(path), outer.repository.fetch(path)
                if status or data is None:
                    self.send_error(status or 404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except ConnectionError:
                    pass   # a client that has read enough

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


class Client:
    """The program under test with folders of its own."""

    def __init__(self, command: list[str], server: Server, root: bytes | None = None):
        self.command, self.server = command, server
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millwright-tuf-"))
        self.metadata, self.targets = self.folder / "metadata", self.folder / "targets"
        self.metadata.mkdir()
        self.targets.mkdir()
        self.said = ""
        self.trust(root or server.repository.published["root"][0])

    def run(self, *arguments, at: datetime | None = None) -> bool:
        shifted = ["faketime", at.strftime("%Y-%m-%d %H:%M:%S")] if at else []
        done = subprocess.run([*shifted, *self.command, "--metadata-dir", str(self.metadata), *arguments],
                              capture_output=True, text=True, timeout=60, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"})
        self.said = done.stderr.strip()
        assert done.returncode in (0, 1), f"exit status {done.returncode}: {self.said}"
        return done.returncode == 0

    def trust(self, root: bytes) -> bool:
        (self.folder / "first_root.json").write_bytes(root)
        return self.run("init", str(self.folder / "first_root.json"))

    def refresh(self, at: datetime | None = None) -> bool:
        return self.run("--metadata-url", f"{self.server.url}/metadata/", "refresh", at=at)

    def download(self, *names: str, at: datetime | None = None) -> bool:
        wanted = [word for name in names for word in ("--target-name", name)]
        return self.run("--metadata-url", f"{self.server.url}/metadata", *wanted, "--target-base-url",
                        f"{self.server.url}/targets", "--target-dir", str(self.targets), "download", at=at)

    def versions(self) -> dict[str, int]:
        """Trusted roles by file name, with their versions."""
        return {p.stem: json.loads(p.read_bytes())["signed"]["version"] for p in self.metadata.glob("*.json")}

    def stored(self, role: str) -> bytes:
        return (self.metadata / f"{role}.json").read_bytes()

    def files(self) -> list[bytes]:
        found = [p for p in self.targets.rglob("*") if p.is_file()]
        return [p.read_bytes() for p in sorted(found, key=lambda p: p.stat().st_mtime_ns)]

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
