#include "trust/testing/repository.h"

#include "crypto/hex.h"
#include "crypto/sha256.h"
#include "trust/names.h"
#include "trust/updater.h"

namespace millwright::trust::testing {

namespace {

// The PEM of an Ed25519 key is a fixed head and the 32 bytes that everything follows from.
std::string Pem(std::span<const std::byte> seed) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  auto der = crypto::FromHex("302e020100300506032b657004220420").value();
  der.insert(der.end(), seed.begin(), seed.end());
  std::string pem = "-----BEGIN PRIVATE KEY-----\n";
  for (size_t i = 0; i < der.size(); i += 3) {
    const auto three = std::to_integer<uint32_t>(der[i]) << 16 |
                       std::to_integer<uint32_t>(der[i + 1]) << 8 |
                       std::to_integer<uint32_t>(der[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) pem += kDigits[(three >> shift) & 63];
  }
  return pem + "\n-----END PRIVATE KEY-----\n";
}

}  // namespace

const os::Bytes* Shelf::Get(const std::string& path) {
  asked.push_back(path);
  const auto found = files.find(path);
  return found == files.end() ? nullptr : &found->second;
}

Result<os::Bytes> DirectFetcher::Get(const std::string& path, size_t limit) {
  const os::Bytes* bytes = shelf_.Get(path);
  if (bytes == nullptr) return Fail(Errc::kNotFound, "shelf: no " + path);
  if (bytes->size() > limit) return Fail(Errc::kExhausted, "shelf: " + path + " is too long");
  return *bytes;
}

Result<os::Bytes> DirectFetcher::Metadata(const std::string& name, size_t limit) {
  return Get("metadata/" + name, limit);
}

Result<os::Bytes> DirectFetcher::Target(const std::string& path, size_t limit) {
  return Get("targets/" + path, limit);
}

const crypto::PrivateKey& TestKey(int number) {
  static std::map<int, crypto::PrivateKey> keys;
  auto found = keys.find(number);
  if (found == keys.end()) {
    const auto seed = crypto::FromHex(crypto::Sha256Hex("test key " + std::to_string(number)));
    found = keys.emplace(number, crypto::PrivateKey::FromPem(Pem(*seed)).value()).first;
  }
  return found->second;
}

Repository::Repository() {
  for (const char* role : {"root", "timestamp", "snapshot", "targets"})
    drafts_.emplace(role, Draft::Make(role, kNow + 30 * kDay));
  int key = 0;
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) SetKeys(role, {key++});
  for (const char* role : {"targets", "snapshot", "timestamp", "root"}) PublishAsIs(role);
}

void Repository::SetKeys(const std::string& role, const std::vector<int>& keys, int64_t threshold) {
  draft("root").body()["roles"][role]["keyids"] = Json::List{};
  for (const int key : keys) AddRoleKey(draft("root"), role, TestKey(key).Public());
  SetThreshold(draft("root"), role, threshold);
  signers[role] = keys;
}

void Repository::PublishAsIs(const std::string& role) {
  Draft& it = draft(role);
  it.DropSignatures();
  for (const int key : signers[role]) (void)it.Sign(TestKey(key));
  const os::Bytes bytes = it.Bytes();
  const std::string name = QuoteName(role) + ".json";
  const Json* consistent = draft("root").body().Find("consistent_snapshot");
  const bool versioned = role == "root" || (role != "timestamp" && *consistent == Json(true));
  shelf.files["metadata/" + (versioned ? std::to_string(it.version()) + "." : "") + name] = bytes;
  if (role == "snapshot") {
    SetMeta(draft("timestamp"), "snapshot.json", it.version(), bytes, with_digest);
  } else if (role != "root" && role != "timestamp") {
    SetMeta(draft("snapshot"), role + ".json", it.version(), bytes, with_digest);
  }
}

void Repository::Publish(const std::string& role) {
  draft(role).SetVersion(draft(role).version() + 1);
  PublishAsIs(role);
}

void Repository::PublishTargets(const std::string& role) {
  for (const std::string& each : {role, std::string("snapshot"), std::string("timestamp")})
    Publish(each);
}

void Repository::AddTarget(const std::string& path, std::string_view content,
                           const std::optional<Release>& release, const std::string& role) {
  const auto bytes = os::AsBytes(content);
  SetTarget(draft(role), path, bytes, release);
  const Json& hashes = *draft(role).body().Find("targets")->Find(path)->Find("hashes");
  TargetFile target{.path = path, .facts = {}, .release = {}};
  target.facts.hashes["sha256"] = *hashes.Find("sha256")->AsText();
  shelf.files["targets/" + RemotePath(target, true)] = os::Bytes(bytes.begin(), bytes.end());
}

void Repository::Delegate(const std::string& from, const std::string& to, int key,
                          const std::vector<std::string>& paths, bool terminating) {
  const crypto::PublicKey keys[] = {TestKey(key).Public()};
  AddDelegation(draft(from), to, keys, 1, paths, terminating);
  if (!drafts_.contains(to)) drafts_.emplace(to, Draft::Make("targets", kNow + 30 * kDay));
  signers[to] = {key};
}

}  // namespace millwright::trust::testing
