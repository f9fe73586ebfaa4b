"""Delegations: order, patterns, bins, odd names, and what an expired or wrong one does."""

from cases import case
from simulator import Client, Repository, days

TOP_CALLS = 4

# rows of (delegator, role, paths, terminating), and the order in which a client must ask for the roles
GRAPHS = {
    "one": ([("targets", "A")], "A"),
    "two beside each other": ([("targets", "A"), ("targets", "B")], "AB"),
    "two levels": ([("targets", "A"), ("targets", "B"), ("B", "C")], "ABC"),
    "depth first": ([("targets", "A"), ("targets", "B"), ("A", "C"), ("A", "D")], "ACDB"),
    "depth first, three levels": ([("targets", "A"), ("targets", "B"), ("A", "C"), ("C", "D")], "ACDB"),
    "terminating": ([("targets", "A"), ("targets", "B"), ("A", "C", ["*"], True), ("A", "D")], "AC"),
    "terminating, its children count": ([("targets", "A"), ("targets", "B"), ("A", "C", ["*"], True), ("C", "D")], "ACD"),
    "terminating at the top": ([("targets", "A", ["*"], True), ("targets", "B")], "A"),
    "terminating that does not match": ([("targets", "A", ["*.py"], True), ("targets", "B")], "B"),
    "a branch that does not match": ([("targets", "A", ["*.py"]), ("targets", "B"), ("A", "C")], "B"),
    "a leaf that does not match": ([("targets", "A"), ("targets", "B"), ("A", "C", ["*.py"]), ("C", "D")], "AB"),
    "in a circle": ([("targets", "A"), ("targets", "B"), ("B", "C"), ("C", "D"), ("D", "B")], "ABCD"),
    "delegated by two": ([("targets", "A"), ("targets", "B"), ("B", "C"), ("A", "C")], "ACB"),
    "delegated by two for different paths": ([("targets", "A"), ("targets", "B"), ("B", "C"), ("A", "C", ["*.py"])], "ABC"),
}


def build(repo: Repository, graph: list) -> None:
    for delegator, name, *rest in graph:
        paths, terminating = (*rest, ["*"], False)[:2] if len(rest) < 2 else rest
        repo.delegate(delegator, name, paths, terminating)
    for name in dict.fromkeys(name for _, name, *_ in graph):
        repo.publish(name)
    repo.publish()


@case(*[(name, *row) for name, row in GRAPHS.items()])
def roles_are_asked_in_order(repo: Repository, client: Client, graph: list, order: str):
    build(repo, [(d, n, *(r or [["*"], False])) if len(r) != 1 else (d, n, r[0], False) for d, n, *r in graph])
    assert not client.download("missing")
    assert repo.asked[TOP_CALLS:] == [(role, 1) for role in order]


TREE = [("targets", "A", ["*.doc", "*.md"], False), ("targets", "B", ["releases/*/*"], False),
        ("B", "C", ["releases/x/*"], False), ("B", "D", ["releases/y/*.zip"], False)]
FILES = {"plain": "targets", "README.md": "A", "releases/x/x_v1": "C", "releases/y/y_v1.zip": "D",
         "releases/z/z_v1.zip": "D"}


@case(("top level", "plain", ""), ("by ending", "README.md", "A"), ("by folder", "releases/x/x_v1", "BC"),
      ("by folder and ending", "releases/y/y_v1.zip", "BD"), ("not delegated all the way", "releases/z/z_v1.zip", None))
def target_of_a_delegation(repo: Repository, client: Client, path: str, order: str | None):
    build(repo, TREE)
    for name, role in FILES.items():
        repo.add_target(name, name.encode(), role)
    repo.publish("A", "B", "C", "D")
    repo.publish()
    assert client.download(path) is (order is not None)
    assert client.files() == ([path.encode()] if order is not None else [])
    assert [role for role, _ in repo.asked[TOP_CALLS:]] == list("B" if order is None else order)


@case(("star stays in its folder", "a/b", "*", False), ("folders match one by one", "a/b", "*/*", True),
      ("question mark is one letter", "ab", "a?", True), ("question mark is no slash", "a/b", "a?b", False),
      ("set", "pump7", "pump[0-9]", True), ("set that excludes", "pump7", "pump[!0-9]", False),
      ("star in the middle", "pump-north-7.bin", "pump-*-?.bin", True), ("empty star", "pump", "pump*", True),
      ("dots are letters", "pump_bin", "pump.bin", False), ("case counts", "Pump", "pump", False))
def pattern(repo: Repository, client: Client, path: str, shape: str, matches: bool):
    build(repo, [("targets", "A", [shape], False)])
    repo.add_target(path, b"x", "A")
    repo.publish("A")
    repo.publish()
    assert client.download(path) is matches, client.said


@case(("matches", "", True), ("does not", "x", False))
def path_hash_prefix(repo: Repository, client: Client, spoil: str, matches: bool):
    import hashlib
    digest = hashlib.sha256(b"model.bin").hexdigest()
    repo.delegate("targets", "A", prefixes=[digest[:3] if not spoil else ("0" if digest[0] != "0" else "1")])
    repo.add_target("model.bin", b"x", "A")
    repo.publish("A")
    repo.publish()
    assert client.download("model.bin") is matches


@case(("2", 1), ("4", 2), ("32", 5))
def hash_bins(repo: Repository, client: Client, bits: int):
    names = repo.delegate_bins(bits, "bin")
    paths = [f"model-{i}" for i in range(6)]
    for path in paths:
        repo.add_target(path, path.encode(), repo.targets.delegations.succinct_roles.get_role_for_target(path))
    repo.publish(*names)
    repo.publish()
    assert client.download(*paths), client.said
    assert sorted(client.files()) == sorted(p.encode() for p in paths)


@case(*[(name, name) for name in ("?", "#", "/role", "../role", "a b", "%2e", "\u00fc", ".", "a.json")])
def odd_name(repo: Repository, client: Client, name: str):
    from urllib import parse
    repo.delegate("targets", name)
    repo.publish(name)
    repo.publish()
    assert not client.download("missing")
    assert (parse.quote(name, ""), 1) in repo.asked
    assert len(client.versions()) == 5
    assert sorted(p.name for p in client.folder.iterdir()) == ["first_root.json", "metadata", "targets"]


@case(("root", "root"), ("timestamp", "timestamp"), ("snapshot", "snapshot"), ("targets", "targets"), ("empty", ""))
def name_that_cannot_be_delegated(repo: Repository, client: Client, name: str):
    repo.delegate("targets", "A")
    repo.publish("A")
    repo.publish()
    repo.rewrite("targets", lambda d: d["signed"]["delegations"]["roles"][0].update(name=name))
    assert not client.refresh()
    assert "targets" not in client.versions()


@case()
def expired_delegation_is_not_used(repo: Repository, client: Client):
    repo.delegate("targets", "A", ["site/*"], expires=days(-1))
    repo.add_target("site/model", b"x", "A")
    repo.publish("A")
    repo.publish()
    assert client.refresh()
    assert not client.download("site/model")
    assert client.files() == [] and "A" not in client.versions()


@case(("nothing newer", False), ("a newer one", True))
def stored_delegation_expires(repo: Repository, client: Client, newer: bool):
    repo.delegate("targets", "A", expires=days(7))
    for name in ("first", "second"):
        repo.add_target(name, name.encode(), "A")
    repo.publish("A")
    repo.publish()
    assert client.download("first")
    if newer:
        repo.metadata["A"].signed.expires = days(21)
        repo.publish("A", "snapshot", "timestamp")
    assert client.download("second", at=days(18)) is newer
    assert client.files() == ([b"first", b"second"] if newer else [b"first"])


@case()
def delegation_signed_by_somebody_else(repo: Repository, client: Client):
    repo.delegate("targets", "A")
    repo.add_target("model", b"x", "A")
    repo.signers["A"] = [repo.keys.take()]
    repo.publish("A")
    repo.publish()
    assert not client.download("model")
    assert "A" not in client.versions()


@case()
def delegation_is_missing_in_snapshot(repo: Repository, client: Client):
    repo.delegate("targets", "A")
    repo.add_target("model", b"x", "A")
    repo.publish("A")
    del repo.snapshot.meta["A.json"]
    repo.publish()
    assert not client.download("model")


@case()
def older_delegation(repo: Repository, client: Client):
    repo.delegate("targets", "A")
    repo.add_target("model", b"x", "A")
    repo.publish("A", "A")
    repo.publish()
    assert client.download("model")
    repo.snapshot.meta["A.json"].version = 1
    repo.publish("snapshot", "timestamp")
    assert not client.download("model")


@case()
def stored_delegation_is_judged_by_its_delegator_of_today(repo: Repository, client: Client):
    """The delegator took the role's key away: what that key signed before is worth nothing now."""
    repo.delegate("targets", "A")
    repo.add_target("model", b"x", "A")
    repo.publish("A")
    repo.publish()
    assert client.download("model")
    repo.targets.delegations.roles["A"].keyids.clear()
    signer = repo.keys.take()
    repo.targets.add_key(signer.public_key, "A")
    repo.publish()
    assert not client.download("model")


@case()
def role_of_two_delegators_needs_the_keys_of_each(repo: Repository, client: Client):
    """C is signed by the key that B trusts it with; A trusts it with another one and comes first."""
    build(repo, [("targets", "A", ["*"], False), ("targets", "B", ["*"], False), ("A", "C", ["*"], False),
                 ("B", "C", ["*"], False)])
    repo.signers["C"] = repo.signers["C"][-1:]
    repo.add_target("model", b"x", "C")
    repo.publish("C")
    repo.publish()
    assert not client.download("model")


@case()
def unusual_consistent_delegation(repo: Repository, client: Client):
    repo.root.consistent_snapshot = False
    repo.delegate("targets", "../A")
    repo.add_target("x/model", b"x", "../A")
    repo.delegate("targets", "B", ["x/*"])
    repo.add_target("x/model", b"x", "B")
    repo.publish("root", "../A", "B")
    repo.publish()
    assert client.download("x/model"), client.said
    assert client.files() == [b"x"]
