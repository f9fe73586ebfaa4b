// Recorded data of any layout. The input is a folder: sections of "@@ NAME\n" and the file's bytes.
// Whatever is in it is an error that says something, or recordings that keep what recording.h says.
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "recording/recording.h"

namespace {

using namespace millwright;
namespace fs = std::filesystem;

constexpr std::string_view kMark = "@@ ";
constexpr size_t kItemsMax = 20'000;

void Require(bool promise) {
  if (!promise) std::abort();
}

// One folder a process, in memory where the system has such a place.
const fs::path& Folder() {
  static const fs::path folder = [] {
    const fs::path base = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    fs::path path = base / ("mw-recording-fuzz-" + std::to_string(getpid()));
    std::atexit([] { fs::remove_all(Folder()); });
    return path;
  }();
  return folder;
}

// Names of these files only: the input must not choose where it is written.
bool Allowed(std::string_view name) {
  return name == "recording.toml" || name == "dataset.toml" || name == "a.csv" || name == "b.csv" ||
         name == "vib.i16le" || name == "vib.f32le" || name == "a.csv.gz" || name == "vib.i16le.gz";
}

void WriteFolder(std::string_view input) {
  fs::remove_all(Folder());
  fs::create_directories(Folder());
  while (input.starts_with(kMark)) {
    input.remove_prefix(kMark.size());
    const size_t line = std::min(input.find('\n'), input.size());
    const std::string_view name = input.substr(0, line);
    input.remove_prefix(std::min(line + 1, input.size()));
    const size_t next = input.find("\n@@ ");
    const std::string_view bytes = input.substr(0, next);
    if (Allowed(name))
      std::ofstream(Folder() / name, std::ios::binary)
          .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    input.remove_prefix(next == std::string_view::npos ? input.size() : next + 1);
  }
}

void CheckInfo(const recording::RecordingInfo& info) {
  Require(!info.id.empty() && !info.channels.empty());
  Require(info.sources.size() == info.channels.size());
  double end = -1e300;
  for (const recording::Label& label : info.labels) {
    Require(std::isfinite(label.start_s) && label.start_s < label.end_s && label.start_s >= end);
    end = label.end_s;
  }
}

void Play(const recording::RecordingInfo& info) {
  auto reader = recording::Reader::Open(info);
  if (!reader) return Require(!reader.error().what.empty());
  recording::Item item;
  Nanos before = INT64_MIN;
  for (size_t i = 0; i < kItemsMax; ++i) {
    const auto more = (*reader)->Next(item);
    if (!more) return Require(!more.error().what.empty());
    if (!*more) return;
    Require(item.channel >= 0 && static_cast<size_t>(item.channel) < info.channels.size());
    Require(item.due_ns >= before);
    before = item.due_ns;
    Require(item.is_block ? !item.samples.empty() : std::isfinite(item.value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  WriteFolder({reinterpret_cast<const char*>(data), size});
  const auto recordings = recording::OpenDataset(Folder().string());
  if (!recordings) {
    Require(!recordings.error().what.empty());
    return 0;
  }
  for (const recording::RecordingInfo& info : *recordings) {
    CheckInfo(info);
    Play(info);
  }
  return 0;
}
