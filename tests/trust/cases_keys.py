"""Keys: kinds, thresholds, rotation. Registered with the rest in cases.CASES."""

import json

from cases import case
from simulator import TOP, Client, Repository

SCHEMES = ("ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256", "rsa-pkcs1v15-sha256")


@case(*[(scheme, scheme) for scheme in SCHEMES])
def kind_of_key(repo: Repository, client: Client, scheme: str):
    signer = repo.add_key("root", repo.keys.take(scheme))
    repo.root.roles["root"].threshold = 2
    repo.publish("root")
    assert client.refresh()
    assert client.versions()["root"] == 2
    # The signature of another document: well-formed, and wrong here.
    old = json.loads(repo.published["root"][-1])["signatures"]
    repo.publish("root")
    repo.rewrite("root", lambda d: d.update(signatures=[
        next((o for o in old if o["keyid"] == s["keyid"] == signer.public_key.keyid), s) for s in d["signatures"]]),
        sign=False)
    assert not client.refresh()
    assert client.versions()["root"] == 2


@case(*[(scheme, scheme) for scheme in SCHEMES])
def kind_of_key_in_every_role(repo: Repository, client: Client, scheme: str):
    first = repo.signers["root"][0]
    for role in TOP:
        repo.root.roles[role].keyids.clear()
        repo.signers[role] = []
        repo.add_key(role, repo.keys.take(scheme))
    repo.signers["root"].append(first)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh(), client.said
    assert client.versions() == dict.fromkeys(TOP, 2)


@case(*[(role, role) for role in ("timestamp", "snapshot", "targets")])
def threshold_is_not_met(repo: Repository, client: Client, role: str):
    repo.root.roles[role].threshold = 3
    for _ in range(2):
        repo.add_key(role)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh()
    repo.signers[role].pop()
    repo.publish()
    assert not client.refresh()
    assert client.versions()[role] == 2


@case()
def threshold_above_the_number_of_keys(repo: Repository, client: Client):
    for _ in range(4):
        repo.add_key("snapshot")
    repo.root.roles["snapshot"].threshold = 6
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert not client.refresh()
    assert client.versions() == {"root": 2, "timestamp": 2}


@case(("zero", 0), ("negative", -1), ("fraction", 1.5), ("text", "1"))
def threshold_is_no_number_of_keys(repo: Repository, client: Client, threshold):
    repo.publish("root")

    def change(document):
        document["signed"]["roles"]["targets"]["threshold"] = threshold
    if isinstance(threshold, float):   # canonical JSON has no fractions: unsigned, refused all the more
        repo.rewrite("root", change, sign=False)
    else:
        repo.rewrite("root", change)
    assert not client.refresh()
    assert client.versions() == {"root": 1}


@case()
def one_key_id_many_times(repo: Repository, client: Client):
    repo.add_key("snapshot")
    repo.publish("root", "snapshot", "timestamp")

    def repeat(document):
        role = document["signed"]["roles"]["snapshot"]
        role["keyids"] += [role["keyids"][-1]] * 5
        role["threshold"] = 4
    repo.rewrite("root", repeat)
    repo.rewrite("snapshot", lambda d: d["signatures"].extend([d["signatures"][-1]] * 5), sign=False)
    assert not client.refresh()
    assert "snapshot" not in client.versions()


@case()
def one_key_under_two_ids(repo: Repository, client: Client):
    repo.publish("root", "targets", "snapshot", "timestamp")
    other = "0" * 64

    def alias(document):
        role = document["signed"]["roles"]["timestamp"]
        document["signed"]["keys"][other] = document["signed"]["keys"][role["keyids"][0]]
        role["keyids"].append(other)
        role["threshold"] = 2
    repo.rewrite("root", alias)
    repo.rewrite("timestamp", lambda d: d["signatures"].append(
        {"keyid": other, "sig": d["signatures"][0]["sig"]}), sign=False)
    assert not client.refresh()
    assert "timestamp" not in client.versions()


@case(*[(role, role) for role in TOP])
def two_signatures_of_one_key_id(repo: Repository, client: Client, role: str):
    repo.publish("root", "targets", "snapshot", "timestamp")
    repo.rewrite(role, lambda d: d["signatures"].append(d["signatures"][0]), sign=False)
    assert not client.refresh()
    assert client.versions().get(role, 1) == 1


@case(("other bytes", lambda sig: sig[:-2] + ("00" if sig[-2:] != "00" else "01")), ("empty", lambda sig: ""),
      ("no hex", lambda sig: "signature"), ("half", lambda sig: sig[: len(sig) // 2]))
def wrong_signature_beside_a_right_one(repo: Repository, client: Client, damage):
    repo.add_key("timestamp")
    repo.publish("root", "timestamp")
    repo.rewrite("timestamp", lambda d: d["signatures"][0].update(sig=damage(d["signatures"][0]["sig"])), sign=False)
    assert client.refresh(), client.said
    assert client.versions()["timestamp"] == 2


@case()
def key_of_another_role_signs(repo: Repository, client: Client):
    repo.signers["timestamp"] = repo.signers["snapshot"]
    repo.publish()
    assert not client.refresh()
    assert client.versions() == {"root": 1}


@case()
def signed_by_a_key_that_the_role_lists_but_nobody_describes(repo: Repository, client: Client):
    repo.publish("root", "timestamp")
    repo.rewrite("root", lambda d: [d["signed"]["keys"].pop(k) for k in d["signed"]["roles"]["timestamp"]["keyids"]])
    assert not client.refresh()
    assert "timestamp" not in client.versions()


# -- rotation: rows of (keys, threshold, signers) for root 1, 2, ...; whether the last is accepted ------------------

ROOTS = {
    "one key by another": ([([1], 1, [1]), ([2], 1, [2, 1]), ([2], 1, [2])], True),
    "strangers sign too": ([([1], 1, [3, 1, 4]), ([2], 1, [3, 2, 1, 4]), ([2], 1, [3, 2, 4])], True),
    "any three of five": ([([0, 1, 2, 3, 4], 3, s) for s in ([0, 2, 4], [0, 4, 1], [0, 1, 3], [2, 3, 4])], True),
    "one of five changes": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 1])], True),
    "one of five changes, the old one signs once more": (
        [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4, 5]), ([0, 1, 3, 4, 5], 3, [0, 4, 5])], True),
    "all five change": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
                         ([5, 6, 7, 8, 9], 3, [5, 6, 7])], True),
    "threshold up": ([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [1, 2])], True),
    "threshold down": ([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1, 2]), ([1, 2, 3], 1, [1])], True),
    "threshold up with a new key": ([([1], 1, [1]), ([1, 2], 2, [1, 2])], True),
    "old key did not sign": ([([1], 1, [1]), ([2], 1, [2, 3, 4])], False),
    "new key did not sign": ([([1], 1, [1]), ([2], 1, [1, 3, 4])], False),
    "too few of the new": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4])], False),
    "too few of the old": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 5])], False),
    "new threshold not reached": ([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [2])], False),
    "old threshold not reached": ([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1])], False),
}


@case(*[(name, *row) for name, row in ROOTS.items()])
def root_keys_rotate(repo: Repository, client: Client, roots: list, accepted: bool):
    signers = [repo.keys.take() for _ in range(10)]
    repo.published["root"].clear()
    for version, (keys, threshold, signing) in enumerate(roots, 1):
        repo.root.roles["root"].keyids.clear()
        for key in keys:
            repo.root.add_key(signers[key].public_key, "root")
        repo.root.roles["root"].threshold = threshold
        repo.root.version = version
        repo.signers["root"] = [signers[s] for s in signing]
        repo.put("root")
    own = Client(client.command, client.server, repo.published["root"][0])
    assert own.refresh() is accepted, own.said
    assert own.stored("root") == repo.published["root"][-1 if accepted else -2]
    own.close()


ROLES = {
    "another key": ([2], 1, [2], True),
    "strangers sign too": ([1], 1, [3, 1, 4], True),
    "only strangers sign": ([2], 1, [1, 3, 4], False),
    "two of three and a stranger": ([0, 1, 3, 4, 5], 3, [0, 2, 4], False),
    "two of three": ([0, 1, 3, 4, 5], 3, [0, 4], False),
    "first three": ([0, 1, 2, 3, 4], 3, [0, 1, 2], True),
    "last three": ([0, 1, 2, 3, 4], 3, [2, 3, 4], True),
}


@case(*[(f"{role}, {name}", role, *row) for role in ("timestamp", "snapshot", "targets") for name, row in ROLES.items()])
def role_keys_rotate(repo: Repository, client: Client, role: str, keys, threshold, signing, accepted: bool):
    signers = [repo.keys.take() for _ in range(10)]
    repo.root.roles[role].keyids.clear()
    for key in keys:
        repo.root.add_key(signers[key].public_key, role)
    repo.root.roles[role].threshold = threshold
    repo.signers[role] = [signers[s] for s in signing]
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh() is accepted, client.said
    assert (role in client.versions()) is accepted


@case()
def many_roots_at_once(repo: Repository, client: Client):
    for _ in range(40):
        repo.add_key("root")
        repo.root.roles["root"].keyids = repo.root.roles["root"].keyids[-2:]
        repo.publish("root")
        repo.signers["root"] = repo.signers["root"][-2:]
    assert client.refresh(), client.said
    assert client.versions()["root"] == 41
