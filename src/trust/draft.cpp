#include "trust/draft.h"

#include <algorithm>

#include "crypto/hex.h"
#include "crypto/sha256.h"

namespace millwright::trust {
namespace {

constexpr std::string_view kSpecVersion = "1.0.31";

Json FileJson(std::span<const std::byte> bytes) {
  Json json = Json::EmptyObject();
  json["length"] = static_cast<int64_t>(bytes.size());
  json["hashes"]["sha256"] = crypto::Sha256Hex(bytes);
  return json;
}

void AddToList(Json& list, const std::string& text) {
  if (list.AsList() == nullptr) list = Json::List{};
  const auto same = [&](const Json& item) {
    return item.AsText() != nullptr && *item.AsText() == text;
  };
  if (std::none_of(list.AsList()->begin(), list.AsList()->end(), same))
    list.AsList()->emplace_back(text);
}

bool TakeFromList(Json* list, const std::string& text) {
  if (list == nullptr || list->AsList() == nullptr) return false;
  return std::erase_if(*list->AsList(), [&](const Json& item) {
           return item.AsText() != nullptr && *item.AsText() == text;
         }) > 0;
}

bool IsUsed(const Json& roles, const std::string& key_id) {
  if (roles.AsObject() == nullptr) return false;
  return std::any_of(roles.AsObject()->begin(), roles.AsObject()->end(), [&](const auto& member) {
    const Json* ids = member.second.Find("keyids");
    return ids != nullptr && ids->AsList() != nullptr &&
           std::find(ids->AsList()->begin(), ids->AsList()->end(), Json(key_id)) !=
               ids->AsList()->end();
  });
}

}  // namespace

Draft Draft::Make(std::string_view type, Seconds64 expires) {
  Json document = Json::EmptyObject();
  document["signatures"] = Json::List{};
  Json& body = document["signed"];
  body["_type"] = type;
  body["spec_version"] = kSpecVersion;
  body["version"] = 1;
  body["expires"] = FormatExpiry(expires);
  if (type == kRootRole) {
    body["consistent_snapshot"] = true;
    body["keys"] = Json::EmptyObject();
    for (const auto role : {kRootRole, kTimestampRole, kSnapshotRole, kTargetsRole}) {
      body["roles"][role]["keyids"] = Json::List{};
      body["roles"][role]["threshold"] = 1;
    }
  } else {
    body[type == kTargetsRole ? "targets" : "meta"] = Json::EmptyObject();
  }
  return Draft(std::move(document));
}

Result<Draft> Draft::Read(std::span<const std::byte> bytes, std::string_view name) {
  auto document = ReadJson(os::AsText(bytes));
  if (!document)
    return Fail(document.error().code, std::string(name) + ": " + document.error().what);
  Draft draft(std::move(*document));
  const Json* body = draft.document_.Find("signed");
  const bool sound = body != nullptr && body->Find("_type") != nullptr &&
                     body->Find("_type")->AsText() != nullptr && body->Find("version") != nullptr &&
                     body->Find("version")->AsInteger() != nullptr;
  if (!sound) return Fail(Errc::kInvalid, std::string(name) + ": is no TUF metadata");
  return draft;
}

int64_t Draft::version() const { return *body().Find("version")->AsInteger(); }

std::string Draft::type() const { return *body().Find("_type")->AsText(); }

Seconds64 Draft::expires() const {
  const Json* text = body().Find("expires");
  if (text == nullptr || text->AsText() == nullptr) return 0;
  return ParseExpiry(*text->AsText()).value_or(0);
}

Result<void> Draft::Sign(const crypto::PrivateKey& key) {
  const std::string id = KeyId(DescribeKey(key.Public()));
  const std::string canonical = Canonical(body());
  MW_TRY(const auto bytes, key.Sign(os::AsBytes(canonical)));
  Json& signatures = document_["signatures"];
  if (signatures.AsList() == nullptr) signatures = Json::List{};
  std::erase_if(*signatures.AsList(), [&](const Json& item) {
    const Json* signer = item.Find("keyid");
    return signer != nullptr && *signer == Json(id);
  });
  Json signature = Json::EmptyObject();
  signature["keyid"] = id;
  signature["sig"] = crypto::ToHex(bytes);
  signatures.AsList()->push_back(std::move(signature));
  return {};
}

void Draft::DropSignatures() { document_["signatures"] = Json::List{}; }

std::vector<std::string> Draft::SignerIds() const {
  std::vector<std::string> ids;
  const Json* signatures = document_.Find("signatures");
  if (signatures == nullptr || signatures->AsList() == nullptr) return ids;
  for (const Json& item : *signatures->AsList())
    if (const Json* id = item.Find("keyid"); id != nullptr && id->AsText() != nullptr)
      ids.push_back(*id->AsText());
  return ids;
}

os::Bytes Draft::Bytes() const {
  const std::string text = Pretty(document_);
  const auto bytes = os::AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string AddRoleKey(Draft& root, std::string_view role, const crypto::PublicKey& key) {
  const Key described = DescribeKey(key);
  std::string id = KeyId(described);
  root.body()["keys"][id] = KeyJson(described);
  AddToList(root.body()["roles"][role]["keyids"], id);
  return id;
}

Result<void> RemoveRoleKey(Draft& root, std::string_view role, const std::string& key_id) {
  Json& roles = root.body()["roles"];
  if (!TakeFromList(roles[role].Find("keyids"), key_id))
    return Fail(Errc::kNotFound, "root: key " + key_id + " is none of role " + std::string(role));
  if (!IsUsed(roles, key_id)) root.body()["keys"].Remove(key_id);
  return {};
}

void SetThreshold(Draft& root, std::string_view role, int64_t threshold) {
  root.body()["roles"][role]["threshold"] = threshold;
}

void SetMeta(Draft& draft, const std::string& file, int64_t version,
             std::span<const std::byte> bytes, WithDigest digest) {
  Json json = digest == WithDigest::kYes ? FileJson(bytes) : Json::EmptyObject();
  json["version"] = version;
  draft.body()["meta"][file] = std::move(json);
}

void SetIssued(Draft& timestamp, Seconds64 issued) {
  timestamp.body()["millwright"]["issued"] = FormatExpiry(issued);
}

void SetTarget(Draft& targets, const std::string& path, std::span<const std::byte> bytes,
               const std::optional<Release>& release) {
  Json json = FileJson(bytes);
  if (release) {
    json["custom"]["millwright"]["line"] = release->line;
    json["custom"]["millwright"]["release"] = release->number;
  }
  targets.body()["targets"][path] = std::move(json);
}

Result<void> RemoveTarget(Draft& targets, const std::string& path) {
  if (targets.body()["targets"].Find(path) == nullptr)
    return Fail(Errc::kNotFound, "targets: there is no \"" + path + "\"");
  targets.body()["targets"].Remove(path);
  return {};
}

void SetFloor(Draft& targets, const std::string& line, int64_t release) {
  targets.body()["millwright"]["floors"][line] = release;
}

void AddDelegation(Draft& targets, const std::string& role, std::span<const crypto::PublicKey> keys,
                   int64_t threshold, const std::vector<std::string>& paths, bool terminating) {
  Json json = Json::EmptyObject();
  json["name"] = role;
  json["keyids"] = Json::List{};
  json["threshold"] = threshold;
  json["terminating"] = terminating;
  json["paths"] = Json::List(paths.begin(), paths.end());
  Json& delegations = targets.body()["delegations"];
  if (delegations.Find("keys") == nullptr) delegations["keys"] = Json::EmptyObject();
  for (const crypto::PublicKey& key : keys) {
    const Key described = DescribeKey(key);
    delegations["keys"][KeyId(described)] = KeyJson(described);
    AddToList(json["keyids"], KeyId(described));
  }
  Json& roles = delegations["roles"];
  if (roles.AsList() == nullptr) roles = Json::List{};
  roles.AsList()->push_back(std::move(json));
}

}  // namespace millwright::trust
