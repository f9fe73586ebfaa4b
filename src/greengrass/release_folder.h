// A signed release as files in a folder: what a model component of Greengrass leaves on a gateway.
//
//   document.json                 what a delivery job says (docs/formats/delivery.md)
//   1.root.json, timestamp.json   the signed metadata, each under its own name
//   pack.tar                      the pack
//
// Nothing here is believed; whoever takes it verifies it as if it had come over the network.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/stream_server.h"
#include "os/files.h"

namespace millwright::greengrass {

inline constexpr const char* kDocumentFile = "document.json";
inline constexpr const char* kPackFile = "pack.tar";
inline constexpr size_t kDocumentBytesMax = 32768;
inline constexpr size_t kMetadataFilesMax = 50;
inline constexpr size_t kMetadataBytesMax = size_t{1} << 20;
inline constexpr size_t kPackBytesMax = size_t{32} << 20;

struct LocalRelease {
  std::string id{};        // of these very files
  std::string document{};  // JSON
  std::map<std::string, os::Bytes> metadata{};
  os::Bytes pack{};
};

/// kNotFound: no release is there; kConflict: the folder changed while it was read, try later.
[[nodiscard]] Result<LocalRelease> ReadReleaseFolder(os::Files& files, const std::string& folder);
/// What would be another release has another mark. Cheap: reads one small file.
[[nodiscard]] std::string MarkOf(os::Files& files, const std::string& folder);

/// The release's files as the two streams that its document names, whatever they are called.
class ReleaseStreams : public jobs::StreamSource {
 public:
  void Serve(LocalRelease release);
  [[nodiscard]] const std::optional<LocalRelease>& release() const { return release_; }

  [[nodiscard]] Result<std::optional<jobs::StreamInfo>> Describe(std::string_view thing,
                                                                 std::string_view stream) override;
  [[nodiscard]] Result<jobs::Bytes> Read(std::string_view thing, std::string_view stream,
                                         int64_t file, uint64_t offset, size_t bytes) override;

 private:
  std::optional<LocalRelease> release_;
  std::string metadata_stream_, pack_stream_;
  std::vector<std::string> names_;  // of the metadata; the file's number is the place in it
};

}  // namespace millwright::greengrass
