#include "jobs/stream_download.h"

#include <algorithm>

#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

constexpr int kPatienceMax = 16;

// Refusals that no waiting cures.
bool IsFinal(std::string_view code) {
  return code == "ResourceNotFound" || code == "InvalidRequest" || code == "Unauthorized" ||
         code == "VersionMismatch" || code == "BlockOffsetOutOfBounds";
}

}  // namespace

StreamDownload::StreamDownload(DownloadOptions options, BlockSink& sink, os::Clock& clock,
                               Publish publish)
    : options_(std::move(options)),
      sink_(sink),
      clock_(clock),
      publish_(std::move(publish)),
      patience_(options_.patience) {}

std::string StreamDownload::Topic(const char* what) const {
  return StreamTopic(options_.prefix, options_.thing, options_.stream,
                     std::string(what) + "/" + std::string(Name(options_.encoding)));
}

std::vector<std::string> StreamDownload::Filters() const {
  return {Topic("data"), Topic("rejected")};
}

void StreamDownload::Ask() {
  if (state_ != DownloadState::kRunning) return;
  const std::vector<uint32_t> missing = sink_.Missing(options_.window);
  if (missing.empty()) {
    state_ = DownloadState::kDone;
    return;
  }
  GetRequest request{.token = "mw",
                     .file = options_.file,
                     .block_bytes = sink_.block_bytes(),
                     .offset = missing.front()};
  // The bitmap is as long as the blocks lie apart; what lies too far waits for the next request.
  for (const uint32_t block : missing) {
    const size_t bit = block - missing.front();
    if (bit >= 8 * kBlockBytesMin) break;
    request.bitmap.resize(std::max(request.bitmap.size(), bit / 8 + 1));
    request.bitmap[bit / 8] |= std::byte{1} << (bit % 8);
  }
  expected_ = missing.size();
  quiet_since_ = clock_.Monotonic();
  ++requests_;
  (void)publish_(Topic("get"), Write(request, options_.encoding));  // Tick asks again
}

bool StreamDownload::OnMessage(std::string_view topic, std::span<const std::byte> payload) {
  if (topic == Topic("data")) {
    Take(payload);
    return true;
  }
  if (topic != Topic("rejected")) return false;
  Refused(payload);
  return true;
}

void StreamDownload::Take(std::span<const std::byte> payload) {
  if (state_ != DownloadState::kRunning) return;
  const auto block = ReadBlock(payload, options_.encoding);
  if (!block || block->file != options_.file) return;
  const auto put = sink_.Put(static_cast<uint32_t>(block->index), block->payload);
  if (!put && put.error().code == Errc::kInvalid) return;  // somebody else's idea of the file
  if (!put) {
    state_ = DownloadState::kFailed;
    reason_ = put.error().what;
    return;
  }
  ++taken_;
  quiet_since_ = clock_.Monotonic();
  patience_ = options_.patience;
  if (expected_ > 0) --expected_;
  if (expected_ == 0) Ask();
}

void StreamDownload::Refused(std::span<const std::byte> payload) {
  const auto refusal = ReadRefusal(payload, options_.encoding);
  if (!refusal || !IsFinal(refusal->code) || state_ != DownloadState::kRunning) return;
  state_ = DownloadState::kFailed;
  reason_ = "the stream was refused: " + refusal->code + ", " + refusal->message;
}

void StreamDownload::Tick() {
  if (state_ != DownloadState::kRunning || clock_.Monotonic() - quiet_since_ < patience_) return;
  patience_ = std::min(patience_ * 2, options_.patience * kPatienceMax);
  Ask();
}

}  // namespace millwright::jobs
