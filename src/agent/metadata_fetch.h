// Brings the signed metadata of a job into memory: describes the stream, then fetches its files one
// after the other. Nothing here is believed; signed_target.h judges it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/stream_download.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright::agent {

using MetadataFiles = std::map<std::string, os::Bytes>;  // by name: "2.root.json"

class MetadataFetch {
 public:
  struct Options {
    std::string prefix, thing, stream;
    uint32_t block_bytes = 4096;
  };
  static constexpr size_t kFilesMax = 50;
  static constexpr uint64_t kBytesMax = uint64_t{1} << 20;

  /// Borrows the clock.
  MetadataFetch(Options options, os::Clock& clock, jobs::StreamDownload::Publish publish);

  /// At the start and after each reconnect.
  void Ask();
  bool OnMessage(std::string_view topic, std::span<const std::byte> payload);
  /// Every second or so.
  void Tick();

  [[nodiscard]] jobs::DownloadState state() const { return state_; }
  /// Why it failed, in words.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// Once it is done.
  [[nodiscard]] const MetadataFiles& files() const { return files_; }

 private:
  class Sink;
  void TakeDescription(std::span<const std::byte> payload);
  [[nodiscard]] Result<void> Plan(const jobs::Description& description);
  void Next();
  void Fail(std::string reason);
  [[nodiscard]] std::string Topic(const char* what) const;

  struct Wanted {
    std::string name;
    jobs::StreamFile file;
  };
  const Options options_;
  os::Clock& clock_;
  const jobs::StreamDownload::Publish publish_;
  jobs::DownloadState state_ = jobs::DownloadState::kRunning;
  std::string reason_;
  bool described_ = false;
  Nanos asked_at_ = 0;
  std::vector<Wanted> wanted_;  // the last one is under way
  std::shared_ptr<Sink> sink_;
  std::optional<jobs::StreamDownload> download_;
  MetadataFiles files_;
};

}  // namespace millwright::agent
