"""What `millwright keys` writes is read by python-tuf's client, and what python-tuf writes by ours; a repository is kept
by both in turns."""

import contextlib
import json
import pathlib
import subprocess
import tempfile

from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, TargetFile
from tuf.api.serialization.json import JSONSerializer
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface
from tuf.api.exceptions import DownloadHTTPError

TESTS: list = []
SCHEMES = ("ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256")


def test(function):
    TESTS.append((function.__name__, function))
    return function


class FolderFetcher(FetcherInterface):
    """python-tuf's view of a folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def _fetch(self, url: str):
        path = self.folder / url.removeprefix("folder://")
        if not path.is_file():
            raise DownloadHTTPError("missing", 404)
        yield path.read_bytes()


class Desk:
    """A folder to work in, and the two programs."""

    def __init__(self, build: pathlib.Path, folder: pathlib.Path):
        self.build, self.folder, self.repo = build, folder, folder / "repo"

    def keys(self, *arguments, ok: bool = True) -> dict:
        done = subprocess.run([str(self.build / "bin/millwright"), "keys", *map(str, arguments), "--json"], cwd=self.folder,
                              capture_output=True, text=True, timeout=120)
        assert (done.returncode == 0) is ok, f"keys {arguments}: {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}

    def make(self, name: str, scheme: str = "ed25519", *more) -> str:
        return self.keys("make", name, "--scheme", scheme, *more)["key_id"]

    def init(self, **options) -> None:
        """One key a role, r.pem, t.pem and h.pem (the hub's), as most people will have it."""
        for name in ("r", "t", "h"):
            self.make(f"{name}.pem", options.get("scheme", "ed25519"))
        self.keys("init-repo", "repo", "--root", "r.pem", "--targets", "t.pem", "--snapshot", "h.pem", "--timestamp", "h.pem")

    def add(self, path: str, content: bytes, *more, ok: bool = True) -> dict:
        (self.folder / "file").write_bytes(content)
        return self.keys("add-target", "repo", "file", "--path", path, *more, ok=ok)

    def ngclient(self) -> Updater:
        client = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (client / "targets").mkdir()
        updater = Updater(str(client), "folder://metadata/", str(client / "targets"), "folder://targets/",
                          fetcher=FolderFetcher(self.repo), bootstrap=(self.repo / "metadata/1.root.json").read_bytes())
        updater.refresh()
        return updater

    def ngclient_reads(self, path: str) -> bytes:
        updater = self.ngclient()
        target = updater.get_targetinfo(path)
        assert target is not None, f"{path} is not found"
        return pathlib.Path(updater.download_target(target)).read_bytes()


@contextlib.contextmanager
def desk(build: pathlib.Path):
    with tempfile.TemporaryDirectory(prefix="millwright-keys-") as folder:
        yield Desk(build, pathlib.Path(folder))


@test
def ngclient_follows_our_repository(build):
    for scheme in SCHEMES:
        with desk(build) as d:
            d.init(scheme=scheme)
            d.add("models/pump/12.tar", b"weights", "--release", "12", "--key", "t.pem", "--key", "h.pem")
            assert d.ngclient_reads("models/pump/12.tar") == b"weights"
            custom = d.ngclient().get_targetinfo("models/pump/12.tar").unrecognized_fields["custom"]
            assert custom == {"millwright": {"line": "models/pump", "release": 12}}
            assert d.keys("check", "repo")["targets_checked"] == 1


@test
def key_ids_are_those_of_securesystemslib(build):
    with desk(build) as d:
        for scheme in SCHEMES:
            made = d.make(f"{scheme}.pem", scheme)
            assert d.keys("show", f"{scheme}.pem.pub")["key_id"] == [made]
            from cryptography.hazmat.primitives.serialization import load_pem_public_key
            key = SSlibKey.from_crypto(load_pem_public_key((d.folder / f"{scheme}.pem.pub").read_bytes()))
            assert key.keyid == made, scheme


@test
def private_keys_are_private(build):
    with desk(build) as d:
        (d.folder / "secret").write_text("open sesame\n")
        d.make("k.pem", "ed25519", "--passphrase-file", "secret")
        assert (d.folder / "k.pem").stat().st_mode & 0o077 == 0
        assert b"ENCRYPTED" in (d.folder / "k.pem").read_bytes()
        d.keys("show", "k.pem", ok=False)
        assert d.keys("show", "k.pem", "--passphrase-file", "secret")["kind"] == ["ed25519 private"]
        d.keys("make", "k.pem", ok=False)   # never overwrites a key


@test
def people_sign_one_after_the_other(build):
    with desk(build) as d:
        for name in ("r1", "r2", "t1", "t2", "h"):
            d.make(f"{name}.pem")
        said = d.keys("init-repo", "repo", "--root", "r1.pem", "--root", "r2.pem.pub", "--threshold", "root=2", "--targets",
                      "t1.pem.pub", "--targets", "t2.pem.pub", "--threshold", "targets=2", "--snapshot", "h.pem.pub",
                      "--timestamp", "h.pem.pub")["document"]
        assert any("root 1 waits" in line for line in said), said
        d.keys("sign", "repo", "--key", "r2.pem")
        assert (d.repo / "metadata/1.root.json").exists()
        d.keys("sign", "repo", "--key", "t1.pem")
        assert not (d.repo / "metadata/1.targets.json").exists()
        d.keys("sign", "repo", "--key", "t2.pem", "--key", "h.pem")
        assert d.ngclient().get_targetinfo("nothing") is None
        said = d.add("a/1", b"x", "--key", "t1.pem")["document"]
        assert any("targets 2 waits in staged: targets: signed by 1 of its keys, needs 2" in line for line in said), said
        d.keys("sign", "repo", "--key", "t2.pem", "--key", "h.pem")
        assert d.ngclient_reads("a/1") == b"x"


@test
def rotated_keys_are_followed(build):
    with desk(build) as d:
        d.init()
        d.add("a/1", b"x", "--key", "t.pem", "--key", "h.pem")
        old = {n: d.keys("show", f"{n}.pem.pub")["key_id"][0] for n in "rth"}
        for name in ("r2", "t2", "h2"):
            d.make(f"{name}.pem")
        d.keys("rotate", "repo", "root", "--add", "r2.pem", "--remove", old["r"], "--key", "r.pem")
        d.keys("rotate", "repo", "targets", "--add", "t2.pem", "--remove", old["t"], "--key", "r2.pem", "--key", "h.pem")
        for role in ("snapshot", "timestamp"):
            d.keys("rotate", "repo", role, "--add", "h2.pem", "--remove", old["h"], "--key", "r2.pem", "--key", "h2.pem")
        d.keys("renew", "repo", "--role", "snapshot", "--key", "h2.pem")
        d.keys("check", "repo")
        assert d.ngclient_reads("a/1") == b"x"
        d.add("a/2", b"y", "--key", "t.pem", "--key", "h2.pem")   # the old key signs no more
        d.keys("check", "repo")
        assert d.ngclient().get_targetinfo("a/2") is None


@test
def delegated_role_offers_its_own(build):
    with desk(build) as d:
        d.init()
        d.make("n.pem")
        d.keys("delegate", "repo", "north site", "--path", "north/*", "--role-key", "n.pem.pub", "--key", "t.pem")
        d.add("north/1", b"n", "--role", "north site", "--key", "n.pem", "--key", "h.pem")
        assert d.ngclient_reads("north/1") == b"n"
        d.add("south/1", b"s", "--role", "north site", "--key", "n.pem", "--key", "h.pem")
        assert d.ngclient().get_targetinfo("south/1") is None


@test
def mistakes_are_named(build):
    with desk(build) as d:
        d.init()
        for arguments, word in (
                (("init-repo", "repo", "--root", "r.pem", "--targets", "t.pem", "--snapshot", "h.pem", "--timestamp", "h.pem"),
                 "is a repository already"),
                (("sign", "repo", "--key", "r.pem.pub"), "r.pem.pub: a public key cannot sign"),
                (("sign", "repo", "--key", "none.pem"), "none.pem"),
                (("rotate", "repo", "root", "--remove", "0" * 64), "is none of role root"),
                (("rotate", "repo", "targets", "--threshold", "2"), "1 keys cannot give 2 signatures"),
                (("remove-target", "repo", "a/1"), "there is no \"a/1\""),
                (("check", "nowhere"), "nowhere"),
                (("renew", "repo", "--days", "root"), "expected ROLE=NUMBER")):
            said = d.keys(*arguments, ok=False)
            assert word in json.dumps(said, ensure_ascii=False).replace("\\\"", "\""), (arguments, said)


@test
def we_go_on_with_a_repository_of_python_tuf(build):
    """Fields that python-tuf or somebody else put there survive our change, and their signature stays right."""
    with desk(build) as d:
        d.init()
        signer = CryptoSigner.generate_ed25519()
        path = d.repo / "metadata/1.root.json"
        root = Metadata.from_bytes(path.read_bytes())
        root.signed.unrecognized_fields["x-owner"] = {"team": "north"}
        root.signed.roles["targets"].threshold = 1
        root.signed.add_key(signer.public_key, "targets")
        root.signed.version = 2
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        root.sign(CryptoSigner(load_pem_private_key((d.folder / "r.pem").read_bytes(), None)))
        (d.repo / "metadata/2.root.json").write_bytes(root.to_bytes(JSONSerializer()))
        targets = Metadata.from_bytes((d.repo / "metadata/1.targets.json").read_bytes())
        targets.signed.version = 2
        info = TargetFile.from_data("b/1", b"z", ["sha256"])
        targets.signed.targets["b/1"] = info
        targets.sign(signer)
        (d.repo / "metadata/2.targets.json").write_bytes(targets.to_bytes(JSONSerializer()))
        file = d.repo / f"targets/b/{info.hashes['sha256']}.1"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"z")
        d.keys("sign", "repo", "--key", "h.pem")
        d.add("a/1", b"x", "--key", "t.pem", "--key", "h.pem")
        d.keys("check", "repo")
        assert d.ngclient_reads("b/1") == b"z" and d.ngclient_reads("a/1") == b"x"
        id_ = d.make("r2.pem")
        d.keys("rotate", "repo", "root", "--add", "r2.pem", "--key", "r.pem")
        newest = json.loads((d.repo / "metadata/3.root.json").read_bytes())["signed"]
        assert newest["x-owner"] == {"team": "north"} and id_ in newest["roles"]["root"]["keyids"]


@test
def canonical_form_is_that_of_securesystemslib(build):
    """Signed over odd characters: equal bytes or no verification."""
    with desk(build) as d:
        d.init()
        odd = "caf\u00e9 \"q\" \\ \u2028 \U0001f600 ~"
        d.add(f"a/{odd}", b"x", "--key", "t.pem", "--key", "h.pem")
        assert d.ngclient().get_targetinfo(f"a/{odd}") is not None
        document = json.loads((d.repo / "metadata/2.targets.json").read_bytes())
        assert odd in encode_canonical(document["signed"]).replace("\\\"", "\"").replace("\\\\", "\\")
