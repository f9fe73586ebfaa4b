"""What a TUF client must do, top-level roles and targets: one function a rule, some with several rows. `repo` is a sound
repository at version 1 of everything, `client` trusts its first root. The order of what is covered follows the public
conformance suite's list of tests."""

import json

from simulator import TOP, Client, Repository, days
from tuf.api.metadata import MetaFile, TargetFile

CASES: list[tuple[str, object, tuple]] = []


def case(*rows):
    """Registers a case, or one for each row of further arguments; a row begins with its name."""
    def register(function):
        for row in rows or ((),):
            name = function.__name__ + (f"[{row[0]}]" if row else "")
            CASES.append((name, function, tuple(row[1:])))
        return function
    return register


FIRST = [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)]


# -- the workflow -------------------------------------------------------------------------------------------------

@case()
def refresh_asks_in_order(repo: Repository, client: Client):
    assert client.refresh()
    assert repo.asked == FIRST


@case(*[(role, role) for role in TOP])
def refresh_stores_what_it_verified(repo: Repository, client: Client, role: str):
    assert client.refresh()
    assert client.stored(role) == repo.published[role][-1]


@case()
def second_refresh_asks_root_and_timestamp_only(repo: Repository, client: Client):
    assert client.refresh() and client.refresh()
    assert repo.asked == [*FIRST, ("root", 2), ("timestamp", None)]


@case()
def download_refreshes_first(repo: Repository, client: Client):
    assert not client.download("no such target")
    assert repo.asked == FIRST
    assert client.versions() == dict.fromkeys(TOP, 1)


@case()
def bytes_are_stored_as_they_came(repo: Repository, client: Client):
    repo.published["timestamp"][-1] += b" \n"
    assert client.refresh()
    assert client.stored("timestamp") == repo.published["timestamp"][-1]


@case()
def first_root_without_version(repo: Repository, client: Client):
    document = json.loads(repo.published["root"][0])
    del document["signed"]["version"]
    other = Client(client.command, client.server, json.dumps(document).encode())
    assert not other.refresh() and repo.asked == []
    other.close()


@case()
def first_root_with_a_wrong_signature(repo: Repository, client: Client):
    document = json.loads(repo.published["root"][0])
    document["signatures"][0]["sig"] = "30" * 71
    other = Client(client.command, client.server, json.dumps(document).encode())
    assert not other.refresh() and repo.asked == []
    other.close()


@case(("root", "root", {"root": 1}), ("timestamp", "timestamp", {"root": 2}),
      ("snapshot", "snapshot", {"root": 2, "timestamp": 2}),
      ("targets", "targets", {"root": 2, "timestamp": 2, "snapshot": 2}))
def unsigned_role_stops_there(repo: Repository, client: Client, role: str, trusted: dict):
    repo.signers[role].pop()
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert not client.refresh()
    assert client.versions() == trusted


@case(("root", "root", {"root": 1}), ("snapshot", "snapshot", {"root": 2, "timestamp": 2}),
      ("targets", "targets", {"root": 2, "timestamp": 2, "snapshot": 2}))
def version_in_file_is_not_that_of_its_name(repo: Repository, client: Client, role: str, trusted: dict):
    repo.metadata[role].signed.version += 1   # publish makes it 3, in the place of 2
    repo.publish("root", "targets", "snapshot", "timestamp")
    if role != "root":
        above = repo.timestamp if role == "snapshot" else repo.snapshot
        if role == "snapshot":
            above.snapshot_meta = MetaFile(2)
        else:
            above.meta["targets.json"] = MetaFile(2)
            repo.published["snapshot"].pop()
            repo.put("snapshot")
        repo.published["timestamp"].pop()
        repo.put("timestamp")
    assert not client.refresh()
    assert client.versions() == trusted


@case(*[(role, role) for role in TOP])
def type_of_another_role(repo: Repository, client: Client, role: str):
    repo.publish("root", "targets", "snapshot", "timestamp")
    repo.rewrite(role, lambda d: d["signed"].update(_type="snapshot" if role != "snapshot" else "timestamp"))
    assert not client.refresh()
    assert client.versions().get(role, 1) == 1


@case()
def snapshot_signed_as_timestamp(repo: Repository, client: Client):
    repo.add_key("snapshot", repo.signers["timestamp"][0])
    repo.snapshot.meta = {"snapshot.json": MetaFile(1)}
    repo.publish("root", "snapshot")
    repo.published["timestamp"].append(repo.published["snapshot"].pop())
    assert not client.refresh()
    assert client.versions() == {"root": 2}


@case(("root", "root"), ("timestamp", "timestamp"), ("snapshot", "snapshot"), ("targets", "targets"))
def garbage_instead_of_metadata(repo: Repository, client: Client, role: str):
    repo.publish("root", "targets", "snapshot", "timestamp")
    repo.published[role][-1] = b"<html>Bad Gateway</html>"
    assert not client.refresh()
    assert client.versions().get(role, 1) == 1


@case()
def unknown_fields_are_signed_too(repo: Repository, client: Client):
    assert client.refresh()
    repo.root.unrecognized_fields["site"] = {"plant": "north", "line": [1, 2, None, True]}
    repo.root.roles["root"].unrecognized_fields["owner"] = "safety"
    signer = repo.keys.take()
    signer.public_key.unrecognized_fields["note"] = {"b": 1, "a": "caf\u00e9"}
    repo.add_key("root", signer)
    repo.publish("root")
    signer.public_key.unrecognized_fields.clear()
    assert client.refresh()
    assert client.versions()["root"] == 2


@case()
def keyid_hash_algorithms_mean_nothing(repo: Repository, client: Client):
    repo.rotate("snapshot")
    key = repo.signers["snapshot"][0].public_key
    key.unrecognized_fields["keyid_hash_algorithms"] = ["md5"]
    repo.publish("root", "snapshot", "timestamp")
    key.unrecognized_fields.clear()
    assert client.refresh()
    assert client.versions()["snapshot"] == 2


@case(("snapshot", "snapshot", {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1}),
      ("targets", "targets", {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1}))
def announced_but_missing(repo: Repository, client: Client, role: str, trusted: dict):
    assert client.refresh()
    if role == "targets":
        repo.snapshot.meta["targets.json"].version += 1
        repo.publish("snapshot", "timestamp")
    else:
        repo.timestamp.snapshot_meta.version += 1
        repo.publish("timestamp")
    assert not client.refresh()
    assert repo.asked[-1] == (role, 2)
    assert client.versions() == trusted


@case()
def no_timestamp(repo: Repository, client: Client):
    assert client.refresh()
    del repo.published["timestamp"]
    assert not client.refresh()
    assert repo.asked[-1] == ("timestamp", None)


@case(("403", 403, True), ("500", 500, False), ("503", 503, False))
def status_for_the_next_root(repo: Repository, client: Client, status: int, works: bool):
    repo.status["metadata/2.root.json"] = status
    assert client.refresh() is works


@case()
def not_consistent_snapshots(repo: Repository, client: Client):
    repo.root.consistent_snapshot = False
    repo.add_target("models/pump.bin", b"weights")
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.download("models/pump.bin")
    assert repo.asked == [("root", 2), ("root", 3), ("timestamp", None), ("snapshot", None), ("targets", None)]
    assert repo.fetched == ["models/pump.bin"]


# -- rollback, mix and match, fast forward ------------------------------------------------------------------------

@case()
def older_timestamp(repo: Repository, client: Client):
    repo.publish("timestamp")
    assert client.refresh()
    repo.timestamp.version = 1
    repo.put("timestamp")
    assert not client.refresh()
    assert client.versions()["timestamp"] == 2 and repo.asked[-1] == ("timestamp", None)


@case()
def other_timestamp_of_the_same_version(repo: Repository, client: Client):
    assert client.refresh()
    repo.timestamp.snapshot_meta.version = 100
    repo.put("timestamp")
    assert client.refresh()   # it has that version: nothing new
    assert repo.asked[-1] == ("timestamp", None)
    assert json.loads(client.stored("timestamp"))["signed"]["meta"]["snapshot.json"]["version"] == 1


@case(("plain", False), ("with digests", True))
def older_snapshot_in_timestamp(repo: Repository, client: Client, hashes: bool):
    repo.with_hashes = hashes
    repo.publish()
    assert client.refresh()
    repo.timestamp.snapshot_meta.version = 1
    repo.publish("timestamp")
    assert not client.refresh()
    assert client.versions()["timestamp"] == 2 and client.versions()["snapshot"] == 2


@case(("plain", False), ("with digests", True))
def older_targets_in_snapshot(repo: Repository, client: Client, hashes: bool):
    repo.with_hashes = hashes
    repo.publish()
    assert client.refresh()
    repo.snapshot.meta["targets.json"].version = 1
    repo.publish("snapshot", "timestamp")
    assert not client.refresh()
    assert client.versions()["snapshot"] == 2 and client.versions()["targets"] == 2


@case()
def role_gone_from_snapshot(repo: Repository, client: Client):
    repo.delegate("targets", "site")
    repo.publish("site", "targets", "snapshot", "timestamp")
    assert client.refresh()
    del repo.snapshot.meta["site.json"]
    repo.publish("snapshot", "timestamp")
    assert not client.refresh()
    assert client.versions()["snapshot"] == 2


@case()
def new_targets_without_new_snapshot(repo: Repository, client: Client):
    assert client.refresh()
    repo.publish("targets")
    assert client.refresh()
    assert client.versions()["targets"] == 1 and repo.asked[-1] == ("timestamp", None)


@case()
def snapshot_that_timestamp_does_not_name(repo: Repository, client: Client):
    repo.metadata["snapshot"].signed.version = 2
    repo.published["snapshot"].clear()
    repo.put("snapshot")
    repo.timestamp.snapshot_meta = MetaFile(1)
    repo.publish("timestamp")
    assert not client.refresh()
    assert client.versions() == {"root": 1, "timestamp": 2} and repo.asked[-1] == ("snapshot", 1)


@case(("targets", "targets"), ("snapshot", "snapshot"))
def digest_of_metadata_is_wrong(repo: Repository, client: Client, role: str):
    repo.with_hashes = True
    repo.publish()
    assert client.refresh()
    repo.publish("targets", "snapshot", "timestamp")
    repo.published[role][-1] += b" "   # still well signed
    meta = repo.snapshot.meta["targets.json"] if role == "targets" else repo.timestamp.snapshot_meta
    meta.length = None
    repo.put("snapshot") if role == "targets" else repo.put("timestamp")
    if role == "targets":
        repo.published["snapshot"].pop(-2)
        repo.publish("timestamp")
    assert not client.refresh()
    assert client.versions()[role] == 2


@case(("targets", "targets"), ("snapshot", "snapshot"))
def length_of_metadata_is_wrong(repo: Repository, client: Client, role: str):
    repo.publish("targets", "snapshot")
    above = repo.snapshot.meta["targets.json"] if role == "targets" else repo.timestamp.snapshot_meta
    above.length = len(repo.published[role][-1]) - 1
    if role == "targets":
        repo.publish("snapshot")
    repo.publish("timestamp")
    assert not client.refresh()
    assert role not in client.versions()


@case(("root", "root", 600_000), ("timestamp", "timestamp", 20_000), ("snapshot", "snapshot", 3_000_000),
      ("targets", "targets", 6_000_000))
def endless_metadata(repo: Repository, client: Client, role: str, size: int):
    repo.publish("root", "targets", "snapshot", "timestamp")
    repo.published[role][-1] += b" " * size   # well signed, just without an end
    assert not client.refresh()
    assert client.versions().get(role, 1) == 1


@case(("timestamp", "timestamp", ("timestamp",)), ("snapshot", "snapshot", ("snapshot", "timestamp")),
      ("targets", "targets", ("snapshot",)))
def recovers_from_fast_forward(repo: Repository, client: Client, role: str, rotated: tuple):
    """Somebody drove a version sky-high; new keys for those who vouch for it let it come back down."""
    repo.metadata[role].signed.version = 99
    repo.put(role)
    while len(repo.published[role]) < 99:
        repo.published[role].append(repo.published[role][-1])
    repo.publish(*{"targets": ("snapshot", "timestamp"), "snapshot": ("timestamp",), "timestamp": ()}[role]
                 ) if role != "timestamp" else None
    assert client.refresh()
    assert client.versions()[role] == 99
    for each in rotated:
        repo.rotate(each)
    repo.publish("root")
    repo.metadata[role].signed.version = 1
    repo.published[role].clear()
    repo.put(role)
    if role == "targets":
        repo.publish("snapshot", "timestamp")
    elif role == "snapshot":
        repo.publish("timestamp")
    assert client.refresh(), client.said
    assert client.versions()[role] == 1


# -- expiry ---------------------------------------------------------------------------------------------------------

@case(("root", "root", {"root": 2}), ("timestamp", "timestamp", {"root": 2}),
      ("snapshot", "snapshot", {"root": 2, "timestamp": 2}),
      ("targets", "targets", {"root": 2, "timestamp": 2, "snapshot": 2}))
def expired_role(repo: Repository, client: Client, role: str, trusted: dict):
    repo.metadata[role].signed.expires = days(-1)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert not client.refresh()
    assert client.versions() == trusted


@case(*[(role, role) for role in TOP])
def expired_by_the_time_it_is_asked_again(repo: Repository, client: Client, role: str):
    repo.metadata[role].signed.expires = days(7)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh()
    assert not client.refresh(at=days(8))


@case()
def expired_first_root_leads_to_a_fresh_one(repo: Repository, client: Client):
    repo.root.expires = days(-2)
    repo.published["root"].clear()
    repo.put("root")
    repo.root.expires = days(30)
    repo.publish("root")
    other = Client(client.command, client.server, repo.published["root"][0])
    assert other.refresh()
    assert other.versions()["root"] == 2
    other.close()


@case()
def expired_root_between_two_others(repo: Repository, client: Client):
    repo.root.expires = days(-1)
    repo.publish("root")
    repo.root.expires = days(30)
    repo.publish("root")
    assert client.refresh()
    assert client.versions()["root"] == 3


@case()
def expired_stored_metadata_leads_to_fresh_ones(repo: Repository, client: Client):
    for role in ("timestamp", "snapshot", "targets"):
        repo.metadata[role].signed.expires = days(7)
    repo.publish()
    assert client.refresh()
    for role in ("timestamp", "snapshot", "targets"):
        repo.metadata[role].signed.expires = days(21)
    repo.publish()
    assert client.refresh(at=days(18))
    assert client.versions() == {"root": 1, "timestamp": 3, "snapshot": 3, "targets": 3}


@case(("timestamp", "timestamp"), ("snapshot", "snapshot"))
def expired_stored_metadata_still_guards_against_older(repo: Repository, client: Client, role: str):
    repo.publish()
    repo.timestamp.expires = days(7)
    repo.publish("timestamp")
    assert client.refresh()
    repo.timestamp.expires = days(30)
    if role == "timestamp":
        repo.timestamp.version = 2
    else:
        repo.timestamp.version += 1
        repo.timestamp.snapshot_meta.version = 1
    repo.put("timestamp")
    assert not client.refresh(at=days(8))
    assert client.versions()["timestamp"] == 3


# -- targets --------------------------------------------------------------------------------------------------------

@case(("plain", "model.bin"), ("folders", "a/b/model.bin"), ("blanks", "a b/c d.bin"), ("unicode", "\u00fc/\u00e9.bin"),
      ("dots", "a..b/...c"))
def target_arrives(repo: Repository, client: Client, path: str):
    repo.add_target(path, b"weights")
    repo.publish()
    assert client.download(path), client.said
    assert client.files() == [b"weights"]


@case()
def cached_target_is_not_fetched_again(repo: Repository, client: Client):
    repo.add_target("model.bin", b"weights")
    repo.publish()
    assert client.download("model.bin") and client.download("model.bin")
    assert len(repo.fetched) == 1


@case()
def damaged_cached_target_is_fetched_again(repo: Repository, client: Client):
    repo.add_target("model.bin", b"weights")
    repo.publish()
    assert client.download("model.bin")
    next(client.targets.iterdir()).write_bytes(b"weightS")
    assert client.download("model.bin")
    assert client.files() == [b"weights"]


@case()
def several_targets_in_order_until_one_fails(repo: Repository, client: Client):
    for name in ("a", "b", "c"):
        repo.add_target(name, name.encode())
    repo.publish()
    del repo.artifacts["b"]
    assert not client.download("a", "b", "c")
    assert client.files() == [b"a"] and len(repo.asked) == len(FIRST) + 0


@case(("same length", b"Weights"), ("longer", b"weights and more"), ("shorter", b"weight"), ("endless", b"w" * 10**7))
def other_bytes_in_place_of_a_target(repo: Repository, client: Client, content: bytes):
    repo.add_target("model.bin", b"weights")
    repo.publish()
    repo.artifacts["model.bin"] = content
    assert not client.download("model.bin")
    assert client.files() == []


@case()
def target_changes_and_keeps_its_file(repo: Repository, client: Client):
    for number in range(4):
        content = f"weights {number}".encode()
        repo.add_target("model.bin", content)
        repo.publish()
        assert client.download("model.bin")
        assert client.files() == [content]
        repo.artifacts["model.bin"] = b"evil"
        repo.publish()
        client.download("model.bin")
        assert client.files() == [content]


@case(("sha256", ["sha256"]), ("sha512", ["sha512"]), ("both", ["sha256", "sha512"]))
def digests_of_a_target(repo: Repository, client: Client, hashes: list):
    repo.add_target("model.bin", b"weights", hashes=hashes)
    repo.publish()
    assert client.download("model.bin")
    assert len(repo.fetched) == 1 and client.files() == [b"weights"]


@case()
def unknown_digest_of_a_target(repo: Repository, client: Client):
    repo.artifacts["model.bin"] = b"weights"
    repo.targets.targets["model.bin"] = TargetFile(7, {"blake9": "00" * 32}, "model.bin")
    repo.publish()
    assert not client.download("model.bin")
    assert client.files() == []


@case()
def one_of_two_digests_is_wrong(repo: Repository, client: Client):
    repo.add_target("model.bin", b"weights", hashes=["sha256", "sha512"])
    repo.targets.targets["model.bin"].hashes["sha512"] = "00" * 64
    repo.publish()
    assert not client.download("model.bin")
    assert client.files() == []


@case()
def unknown_target(repo: Repository, client: Client):
    assert not client.download("model.bin")
    assert repo.fetched == []
