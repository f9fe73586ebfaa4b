#include "agent/metadata_fetch.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "jobs/topics.h"

namespace millwright::agent {
namespace {

constexpr Nanos kPatience = 10 * kSecond;
constexpr jobs::Encoding kEncoding = jobs::Encoding::kCbor;

// A plain file name; what it is called decides only which role it is tried as.
bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= 128 && name.find('/') == std::string::npos;
}

}  // namespace

// One file in memory.
class MetadataFetch::Sink : public jobs::BlockSink {
 public:
  Sink(uint64_t bytes, uint32_t block_bytes)
      : bytes_(bytes),
        block_bytes_(block_bytes),
        have_(static_cast<size_t>((bytes + block_bytes - 1) / block_bytes)) {}
  [[nodiscard]] uint32_t block_bytes() const override { return block_bytes_; }
  [[nodiscard]] std::vector<uint32_t> Missing(size_t count) const override {
    std::vector<uint32_t> missing;
    for (uint32_t i = 0; i < have_.size() && missing.size() < count; ++i)
      if (!have_[i]) missing.push_back(i);
    return missing;
  }
  [[nodiscard]] Result<void> Put(uint32_t block, std::span<const std::byte> bytes) override {
    const uint64_t offset = uint64_t{block} * block_bytes_;
    if (block >= have_.size() ||
        bytes.size() != std::min<uint64_t>(block_bytes_, bytes_.size() - offset))
      return millwright::Fail(Errc::kInvalid, "metadata: a block that does not belong here");
    std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    have_[block] = true;
    return {};
  }
  [[nodiscard]] os::Bytes Take() { return std::move(bytes_); }

 private:
  os::Bytes bytes_;
  uint32_t block_bytes_;
  std::vector<bool> have_;
};

MetadataFetch::MetadataFetch(Options options, os::Clock& clock,
                             jobs::StreamDownload::Publish publish)
    : options_(std::move(options)), clock_(clock), publish_(std::move(publish)) {}

std::string MetadataFetch::Topic(const char* what) const {
  return jobs::StreamTopic(options_.prefix, options_.thing, options_.stream,
                           std::string(what) + "/" + std::string(jobs::Name(kEncoding)));
}

void MetadataFetch::Ask() {
  if (state_ != jobs::DownloadState::kRunning) return;
  asked_at_ = clock_.Monotonic();
  if (download_) {
    download_->Ask();
  } else {
    (void)publish_(Topic("describe"), Write(jobs::DescribeRequest{.token = "mw"}, kEncoding));
  }
}

bool MetadataFetch::OnMessage(std::string_view topic, std::span<const std::byte> payload) {
  if (topic == Topic("description")) {
    TakeDescription(payload);
    return true;
  }
  if (download_) {
    if (!download_->OnMessage(topic, payload)) return false;
    Next();
    return true;
  }
  if (topic != Topic("rejected")) return false;
  const auto refusal = jobs::ReadRefusal(payload, kEncoding);
  if (refusal && refusal->code == "ResourceNotFound") Fail("there is no such metadata stream");
  return true;
}

void MetadataFetch::TakeDescription(std::span<const std::byte> payload) {
  if (described_ || state_ != jobs::DownloadState::kRunning) return;
  const auto description = jobs::ReadDescription(payload, kEncoding);
  if (!description) return;  // Tick asks again
  described_ = true;
  if (auto planned = Plan(*description); !planned) return Fail(planned.error().what);
  Next();
}

Result<void> MetadataFetch::Plan(const jobs::Description& description) {
  const auto wrong = [](const std::string& what) {
    return millwright::Fail(Errc::kInvalid, "the metadata stream " + what);
  };
  const auto names = nlohmann::json::parse(description.text, nullptr, false);
  if (!names.is_array()) return wrong("does not name its files");
  if (names.size() > kFilesMax) return wrong("has too many files");
  uint64_t bytes = 0;
  for (const jobs::StreamFile& file : description.files) {
    if (file.id < 0 || static_cast<uint64_t>(file.id) >= names.size()) continue;
    const auto& name = names[static_cast<size_t>(file.id)];
    if (!name.is_string() || !IsName(name.get<std::string>())) return wrong("names no file");
    if (file.bytes > kBytesMax || (bytes += file.bytes) > kBytesMax) return wrong("is too large");
    wanted_.push_back({name.get<std::string>(), file});
  }
  return {};
}

void MetadataFetch::Next() {
  while (state_ == jobs::DownloadState::kRunning) {
    if (download_ && download_->state() == jobs::DownloadState::kRunning) return;
    if (download_ && download_->state() == jobs::DownloadState::kFailed)
      return Fail(wanted_.back().name + ": " + download_->reason());
    if (download_) {
      files_[wanted_.back().name] = sink_->Take();
      wanted_.pop_back();
      download_.reset();
    }
    if (wanted_.empty()) {
      state_ = jobs::DownloadState::kDone;
      return;
    }
    const Wanted& next = wanted_.back();
    sink_ = std::make_shared<Sink>(next.file.bytes, options_.block_bytes);
    download_.emplace(jobs::DownloadOptions{.prefix = options_.prefix,
                                            .thing = options_.thing,
                                            .stream = options_.stream,
                                            .file = next.file.id,
                                            .encoding = kEncoding},
                      *sink_, clock_, publish_);
    download_->Ask();
  }
}

void MetadataFetch::Tick() {
  if (state_ != jobs::DownloadState::kRunning) return;
  if (download_) {
    download_->Tick();
  } else if (clock_.Monotonic() - asked_at_ >= kPatience) {
    Ask();
  }
}

void MetadataFetch::Fail(std::string reason) {
  state_ = jobs::DownloadState::kFailed;
  reason_ = std::move(reason);
}

}  // namespace millwright::agent
