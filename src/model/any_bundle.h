// What can be said about a bundle of either kind, for those who carry it and need not understand
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "os/files.h"

namespace millwright::model {

enum class BundleKind : uint8_t { kModel, kConfig };
/// "model", "config": in manifests, jobs and answers.
[[nodiscard]] std::string_view Name(BundleKind kind);
[[nodiscard]] std::optional<BundleKind> BundleKindByName(std::string_view name);

struct BundleFacts {
  BundleKind kind = BundleKind::kModel;
  std::string name{}, version{};
  Nanos created = 0;
  std::string model_sha256{};  // of a model's file; empty for a configuration
};

/// From a manifest alone; a manifest without "kind" is a model's.
[[nodiscard]] Result<BundleFacts> ReadFacts(std::span<const std::byte> manifest);

/// Everything in `folder` is what its manifest says (LoadBundle, LoadConfigBundle).
[[nodiscard]] Result<BundleFacts> CheckBundle(os::Files& files, const std::string& folder);

}  // namespace millwright::model
