#!/usr/bin/env python3
"""Is every attack of the suite stopped by a check, and not by luck?

    tests/trust/mutations.py [--only WORDS] [--transport direct|http|mqtt ...] [--json]

Takes one check at a time out of a copy of the sources (build/mutations), builds the attack suite and expects the attack
that the check is there for to succeed, over every transport: its test must fail. A mutant whose text is no longer found
in the sources is an error: the list follows the code. With --json the last line is one flat object."""
import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build/mutations"
TREE = WORK / "tree"
BUILD = WORK / "build"
# transport: (test program, prefix of its tests)
TRANSPORTS = {"direct": ("mw_trust_test", "Direct"), "http": ("millwright_tuf_test", "Http"), "mqtt": ("mw_agent_test", "Mqtt")}


@dataclass(frozen=True)
class Mutant:
    check: str            # that is taken away
    file: str             # below src/trust
    was: str
    becomes: str
    attacks: tuple        # tests that must fail then
    transports: tuple = ("direct", "http", "mqtt")


SET, UPDATER, CHECKS = "trusted_set.cpp", "updater.cpp", "checks.cpp"
MUTANTS = [
    Mutant("signatures of timestamps", SET, "MW_TRY(CheckSigned(root_, kTimestampRole, next));", "",
           ("MetadataSignedByStrangersIsRefused", "OneKeyUnderTwoIdsIsOneSigner")),
    Mutant("signatures of snapshots", SET, "MW_TRY(CheckSigned(root_, kSnapshotRole, next));", "", ("MetadataSignedByStrangersIsRefused",)),
    Mutant("signatures of targets", SET, "return CheckSigned(root_, kTargetsRole, next);", "return {};",
           ("MetadataSignedByStrangersIsRefused", "AChangedByteIsRefused", "AThresholdIsCountedInSignatures")),
    Mutant("signatures of delegated targets", SET, "return CheckSignatures(role, delegator->delegation_keys, *keys, next.canonical, next.signatures);",
           "return {};", ("ADelegationNeedsItsOwnKeys", "OneRoleOfTwoDelegatorsNeedsTheKeysOfEach")),
    Mutant("a first root signs itself", SET, "MW_TRY(CheckSigned(root.body, kRootRole, root));", "", ("AFirstRootThatIsNotSignedByItselfIsRefused",)),
    Mutant("the root before signs a root", SET, "MW_TRY(CheckSigned(root_, kRootRole, next));", "", ("ARootNeedsTheKeysOfTheRootBefore",)),
    Mutant("a root signs itself", SET, "MW_TRY(CheckSigned(next.body, kRootRole, next));", "", ("ARootNeedsItsOwnKeysToo",)),
    Mutant("roots come one by one", SET, "if (next.body.head.version != root_.head.version + 1)", "if (false)", ("ARootThatSkipsAVersionIsRefused",)),
    Mutant("one key is one signer", CHECKS, "if (!again) signers.push_back(*key);", "signers.push_back(*key);", ("OneKeyUnderTwoIdsIsOneSigner",)),
    Mutant("the threshold", CHECKS, "if (static_cast<int64_t>(signers.size()) >= role.threshold) return {};",
           "if (signers.size() >= 1) return {};", ("AThresholdIsCountedInSignatures",)),
    Mutant("a key signs what was signed", CHECKS, "|| !key->Verify(os::AsBytes(canonical), signature.bytes)", "", ("AChangedByteIsRefused",)),
    Mutant("the type of a document", "metadata_read.cpp", "if (body[\"_type\"].Text() != type)", "if (false)", ("ATypeIsNotTakenForAnother",)),
    Mutant("timestamps do not go back", SET, "if (next.body.head.version < held)", "if (false)",
           ("AnOlderTimestampIsRefused", "WhatExpiredStillGuardsAgainstOlder")),
    Mutant("a timestamp's snapshot does not go back", SET, "if (next.body.snapshot.version < timestamp_->snapshot.version)", "if (false)",
           ("AnOlderSnapshotIsRefused",)),
    Mutant("targets do not go back", SET, "if (found->second.version < held.version)", "if (false)", ("OlderTargetsAreRefused",)),
    Mutant("roles do not vanish", SET, "if (found == next.meta.end())\n      return Fail(Errc::kConflict, \"trust: snapshot: \" + name + \" is gone from it\");",
           "if (found == next.meta.end()) continue;", ("ARoleThatVanishesFromTheSnapshotIsNoticed",)),
    Mutant("expiry", SET, "if (now_ < head.expires) return {};", "if (now_ != 1) return {};",
           ("ExpiredMetadataIsRefused", "ARepositoryThatStandsStillIsNoticed", "AClockThatLiesInThePastBelievesASignedTime")),
    Mutant("time that was signed", SET, "if (timestamp_->issued) now_ = std::max(now_, *timestamp_->issued);", "",
           ("AClockThatLiesInThePastBelievesASignedTime",)),
    Mutant("the snapshot is the timestamp's", SET, "if (snapshot_->head.version == timestamp_->snapshot.version) return {};", "return {};",
           ("ASnapshotOfAnotherVersionIsRefused",)),
    Mutant("targets are the snapshot's", SET, "if (next.body.head.version != meta->second.version) {", "if (false) {",
           ("TargetsOfAnotherVersionAreRefused",)),
    Mutant("digests", CHECKS, "if (got && *got != want)", "if (false)", ("MetadataOfAnotherDigestIsRefused", "OtherBytesInPlaceOfATargetAreRefused")),
    Mutant("limit of roots", UPDATER, "fetcher_.Metadata(name, limits_.root_bytes)", "fetcher_.Metadata(name, size_t{1} << 30)",
           ("EndlessMetadataIsCutOff",)),
    Mutant("limit of timestamps", UPDATER, "fetcher_.Metadata(role + \".json\", limits_.timestamp_bytes)",
           "fetcher_.Metadata(role + \".json\", size_t{1} << 30)", ("EndlessMetadataIsCutOff",)),
    Mutant("limit of snapshots and targets", UPDATER,
           "const uint64_t limit = std::min<uint64_t>(meta.facts.length.value_or(limit_bytes), limit_bytes);",
           "const uint64_t limit = size_t{1} << 30;\n  (void)limit_bytes;", ("ASignedLengthIsTheLimit",)),
    # Over MQTT a second check stands behind this one: all metadata together are limited.
    Mutant("limit of snapshots and targets, unsigned", UPDATER,
           "const uint64_t limit = std::min<uint64_t>(meta.facts.length.value_or(limit_bytes), limit_bytes);",
           "const uint64_t limit = meta.facts.length.value_or(size_t{1} << 30);\n  (void)limit_bytes;", ("EndlessMetadataIsCutOff",), ("direct", "http")),
    Mutant("limit of a target", UPDATER, "fetcher_.Target(RemotePath(target, set_.root().consistent_snapshot), length)",
           "fetcher_.Target(RemotePath(target, set_.root().consistent_snapshot), length + (size_t{1} << 30))", ("AnEndlessTargetIsCutOff",)),
    Mutant("limit of a chain of roots", UPDATER, "i < limits_.root_versions; ++i", "i < 1000; ++i", ("AnEndlessChainOfRootsIsCutOff",)),
    Mutant("limit of delegations", UPDATER, "if (visited.size() > limits_.roles_visited + 1)", "if (visited.size() > 1000)",
           ("EndlessDelegationsAreCutOff",)),
    Mutant("paths of a delegation", CHECKS, "if (Allows(delegation, path, path_hash))", "if (Allows(delegation, path, path_hash) || true)",
           ("ADelegationSpeaksOnlyOfItsPaths",)),
    Mutant("names of roles are no paths", "store.cpp", "QuoteName(role)", "std::string(role)", ("ANameOfARoleIsNoPath",)),
]


def say(text: str) -> None:
    print(f"mutations: {text}", file=sys.stderr, flush=True)


def copy_tree() -> None:
    """Tracked files, changed ones only, so that little is built again."""
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True).stdout.decode().split("\0")
    for name in filter(None, files):
        source, target = ROOT / name, TREE / name
        if not source.is_file() or (target.exists() and target.read_bytes() == source.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())


def build(programs: list[str], log: Path) -> bool:
    with open(log, "a") as out:
        done = subprocess.run(["ninja", "-C", BUILD, *programs], stdout=out, stderr=subprocess.STDOUT)
    return done.returncode == 0


def configure(log: Path) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(log, "w") as out:
        subprocess.run(["cmake", "-G", "Ninja", "-S", TREE, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_UNITY_BUILD=ON",
                        "-DCMAKE_UNITY_BUILD_BATCH_SIZE=6", "-DMW_TRAINER=OFF", "-DMW_CONSOLE=OFF", "-DCMAKE_CXX_FLAGS_DEBUG=-O0"],
                       stdout=out, stderr=subprocess.STDOUT, check=True)


def failed_tests(transport: str, attacks: tuple) -> set[str]:
    """Which of the attacks' tests failed; one that ended the program counts, one that did not run is an error."""
    program, prefix = TRANSPORTS[transport]
    wanted = ":".join(f"{prefix}/AttackTest.{attack}/*" for attack in attacks)
    report = WORK / f"{transport}.json"
    report.unlink(missing_ok=True)
    subprocess.run([BUILD / "tests" / program, f"--gtest_filter={wanted}", f"--gtest_output=json:{report}"], cwd=TREE,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, env={**os.environ, "TMPDIR": str(WORK)})
    if not report.exists():
        return set(attacks)
    ran = [test for suite in json.loads(report.read_text())["testsuites"] for test in suite["testsuite"]]
    names = {test["name"].split("/")[0] for test in ran if test.get("result") == "COMPLETED"}
    if names != set(attacks):
        raise RuntimeError(f"{program} did not run {', '.join(sorted(set(attacks) - names))}")
    return {test["name"].split("/")[0] for test in ran if test.get("failures")}


def try_one(mutant: Mutant, transports: list[str], log: Path) -> list[str]:
    """What did not fail without the check: "attack over transport"."""
    transports = [t for t in transports if t in mutant.transports]
    path = TREE / "src/trust" / mutant.file
    sound = path.read_text()
    if sound.count(mutant.was) != 1:
        raise RuntimeError(f"{mutant.file}: {mutant.was!r} is there {sound.count(mutant.was)} times, not once")
    path.write_text(sound.replace(mutant.was, mutant.becomes))
    try:
        if not build([TRANSPORTS[t][0] for t in transports], log):
            raise RuntimeError(f"without \"{mutant.check}\" it does not build; see {log}")
        return [f"{attack} over {t}" for t in transports
                for attack in sorted(set(mutant.attacks) - failed_tests(t, mutant.attacks))]
    finally:
        path.write_text(sound)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="checks whose name has these words")
    parser.add_argument("--transport", action="append", choices=sorted(TRANSPORTS), help="all where none is named")
    parser.add_argument("--json", action="store_true", help="one flat JSON object as the last line")
    options = parser.parse_args()
    transports = options.transport or list(TRANSPORTS)
    began = time.monotonic()
    log = WORK / "build.log"
    say("the attack suite as it is")
    copy_tree()
    configure(log)
    programs = [TRANSPORTS[t][0] for t in transports]
    if not build(programs, log):
        say(f"it does not build; see {log}")
        return 1
    every = tuple(sorted({attack for m in MUTANTS for attack in m.attacks}))
    unsound = [f"{attack} over {t}" for t in transports for attack in failed_tests(t, every)]
    survived = []
    mutants = [m for m in MUTANTS if options.only in m.check]
    for number, mutant in enumerate(mutants, 1):
        kept = try_one(mutant, transports, log)
        survived += [f"{mutant.check}: {one}" for one in kept]
        say(f"{number}/{len(mutants)} without \"{mutant.check}\": "
            + (f"NOT NOTICED by {', '.join(kept)}" if kept else f"{', '.join(mutant.attacks)} fails"))
    figures = {"checks_taken_away": len(mutants), "attacks": len(every), "transports": transports, "unnoticed": survived,
               "failing_before": unsound, "seconds": round(time.monotonic() - began, 1), "passed": len(mutants) - len(survived),
               "failed": len(survived) + len(unsound), "not_measured": [], "ok": not survived and not unsound}
    print(f"{figures['passed']} passed, {figures['failed']} failed")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
