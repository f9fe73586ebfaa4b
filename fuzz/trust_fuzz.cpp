// Metadata of anybody's making: reading it as each of the four documents gives an error that says
// something, or a document that keeps the rules its users rely on. What can be read is offered to
// the state machine in every state, as it came and signed anew with the right keys, so that the
// mutations reach what lies behind the signatures; versions never go back.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "trust/metadata.h"
#include "trust/names.h"
#include "trust/testing/repository.h"
#include "trust/trusted_set.h"

namespace {

using namespace millwright;
using namespace millwright::trust;
using testing::Repository;
using testing::TestKey;

void Check(bool holds) {
  if (!holds) std::abort();
}

// A sound repository, and the state machine after each of its documents.
struct Sound {
  os::Bytes timestamp, snapshot, targets;
  TrustedSet after_root, after_timestamp, after_snapshot;

  static Sound Make() {
    Repository repo;
    repo.Delegate("targets", "north", 5, {"north/*"});
    repo.PublishAsIs("north");
    repo.PublishTargets();
    auto set = TrustedSet::Start(repo.on_shelf("metadata/1.root.json"), Repository::kNow).value();
    Sound sound{.timestamp = repo.on_shelf("metadata/timestamp.json"),
                .snapshot = repo.on_shelf("metadata/2.snapshot.json"),
                .targets = repo.on_shelf("metadata/2.targets.json"),
                .after_root = set,
                .after_timestamp = set,
                .after_snapshot = set};
    Check(sound.after_timestamp.UpdateTimestamp(sound.timestamp).has_value());
    sound.after_snapshot = sound.after_timestamp;
    Check(sound.after_snapshot.UpdateSnapshot(sound.snapshot, TrustedSet::Origin::kRemote)
              .has_value());
    return sound;
  }
};

void OfferRoot(const Sound& sound, std::span<const std::byte> bytes) {
  TrustedSet set = sound.after_root;
  const bool taken = set.UpdateRoot(bytes).has_value();
  Check(set.root().head.version == sound.after_root.root().head.version + (taken ? 1 : 0));
}

void OfferTimestamp(const Sound& sound, std::span<const std::byte> bytes) {
  TrustedSet set = sound.after_root;
  (void)set.UpdateTimestamp(bytes);
  set = sound.after_timestamp;
  const int64_t held = set.timestamp().head.version;
  const int64_t snapshot = set.timestamp().snapshot.version;
  const auto taken = set.UpdateTimestamp(bytes);
  Check(set.timestamp().head.version >= held && set.timestamp().snapshot.version >= snapshot);
  Check(!taken || set.now() < set.timestamp().head.expires);
}

void OfferSnapshot(const Sound& sound, std::span<const std::byte> bytes) {
  for (const auto origin : {TrustedSet::Origin::kCached, TrustedSet::Origin::kRemote}) {
    TrustedSet set = sound.after_timestamp;
    (void)set.UpdateSnapshot(bytes, origin);
    set = sound.after_snapshot;
    const auto before = set.snapshot().meta;
    (void)set.UpdateSnapshot(bytes, origin);
    for (const auto& [name, file] : before)
      Check(set.snapshot().meta.at(name).version >= file.version);
  }
}

void OfferTargets(const Sound& sound, std::span<const std::byte> bytes) {
  TrustedSet set = sound.after_snapshot;
  (void)set.UpdateTargets(bytes, "targets", nullptr);
  const auto top = set.UpdateTargets(sound.targets, "targets", nullptr);
  Check(top.has_value());
  const auto north = set.UpdateTargets(bytes, "north", *top);
  Check(!north || (*north)->head.version == set.snapshot().meta.at("north.json").version);
}

void CheckTargets(const Targets& targets) {
  for (const auto& [path, target] : targets.targets) {
    Check(target.facts.length.has_value() && !target.facts.hashes.empty());
    Check(!target.release || path.starts_with(target.release->line + "/"));
    for (const Candidate& candidate : RolesFor(targets, path)) {
      Check(targets.KeysOf(candidate.role) != nullptr);
      Check(QuoteName(candidate.role).find('/') == std::string::npos);
    }
  }
}

// By the keys of the sound repository's role and no other: signing is what an execution costs most.
os::Bytes SignedAnew(std::span<const std::byte> bytes, std::initializer_list<int> keys) {
  auto draft = Draft::Read(bytes, "fuzz");
  if (!draft) return {bytes.begin(), bytes.end()};
  draft->DropSignatures();
  for (const int key : keys) Check(draft->Sign(TestKey(key)).has_value());
  return draft->Bytes();
}

// Whether `read` is a document; then what was signed is canonical: it reads as itself.
template <typename T>
bool IsSound(const Result<Signed<T>>& read) {
  if (!read) {
    Check(!read.error().what.empty());
    return false;
  }
  Check(read->body.head.version >= 1);
  const auto again = ReadJson(read->canonical);
  Check(!again || Canonical(*again) == read->canonical);
  return true;
}

template <typename T>
void Offer(const Result<Signed<T>>& read, std::span<const std::byte> bytes,
           std::initializer_list<int> keys,
           void (*offer)(const Sound&, std::span<const std::byte>)) {
  static const Sound sound = Sound::Make();
  if (!IsSound(read)) return;
  offer(sound, bytes);
  offer(sound, SignedAnew(bytes, keys));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  Offer(ReadRoot(bytes), bytes, {0}, OfferRoot);
  Offer(ReadTimestamp(bytes), bytes, {1}, OfferTimestamp);
  Offer(ReadSnapshot(bytes), bytes, {2}, OfferSnapshot);
  const auto targets = ReadTargets(bytes, "targets");
  if (targets) CheckTargets(targets->body);
  Offer(targets, bytes, {3, 5}, OfferTargets);  // and north's
  return 0;
}
