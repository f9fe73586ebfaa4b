// What the signed repository offers, and its files as streams for gateways.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/rollout/release_detail.h"
#include "jobs/stream_server.h"
#include "model/any_bundle.h"
#include "os/files.h"

namespace millwright::hub {

/// A pack that the newest signed targets name, with what its manifest says.
struct ReleaseInfo {
  model::BundleKind kind = model::BundleKind::kModel;
  std::string target{};  // path in the metadata
  std::string pack_sha256{};
  uint64_t pack_bytes = 0;
  std::string line{};
  int64_t release = 0;
  std::string digest{}, name{}, version{};  // of its manifest
  std::string model_sha256{};  // of its model file: what gateways tell they decide with; of a
                               // configuration empty
  ReleaseDetail detail{};
};

inline constexpr std::string_view kMetadataStream = "mw-tuf";
/// "mw-pack-" and the first 40 digits.
[[nodiscard]] std::string PackStream(std::string_view pack_sha256);

/// Reads the repository folder that `millwright keys` writes (trust::FolderRepository). The hub
/// does not verify it: gateways do.
class Releases : public jobs::StreamSource {
 public:
  /// Borrows `files`.
  Releases(os::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  /// All that are offered, by line and release. Packs whose file is missing or is no bundle are
  /// left out and named in `faults`.
  [[nodiscard]] Result<std::vector<ReleaseInfo>> List(std::vector<std::string>* faults = nullptr);
  [[nodiscard]] Result<ReleaseInfo> Find(const std::string& target);

  [[nodiscard]] Result<std::optional<jobs::StreamInfo>> Describe(std::string_view thing,
                                                                 std::string_view stream) override;
  [[nodiscard]] Result<jobs::Bytes> Read(std::string_view thing, std::string_view stream,
                                         int64_t file, uint64_t offset, size_t bytes) override;

 private:
  [[nodiscard]] Result<std::vector<std::string>> MetadataNames();
  [[nodiscard]] Result<os::Bytes> MetadataFile(const std::string& name);
  [[nodiscard]] Result<jobs::StreamInfo> DescribeMetadata();
  [[nodiscard]] Result<void> LoadPack(std::string_view stream);
  [[nodiscard]] std::string PathOf(const ReleaseInfo& release) const;
  [[nodiscard]] Result<ReleaseInfo> Inspect(ReleaseInfo release);

  os::Files& files_;
  const std::string folder_;
  std::map<std::string, ReleaseInfo> inspected_;  // by pack hash: packs never change
  std::string pack_stream_;                       // whose pack is at hand
  os::Bytes pack_;
};

}  // namespace millwright::hub
