#include "os/files.h"

namespace millwright::os {

Result<void> FakeFiles::TakeFault() {
  if (faults_ == 0) return {};
  --faults_;
  return Fail(fault_code_, "files: injected fault");
}

Result<Bytes> FakeFiles::Read(const std::string& path, size_t limit_bytes) {
  const MutexLock lock(mutex_);
  const auto found = live_.find(path);
  if (found == live_.end()) return Fail(Errc::kNotFound, "files: no " + path);
  if (found->second.size() > limit_bytes)
    return Fail(Errc::kExhausted, "files: " + path + " is too large");
  return found->second;
}

Result<void> FakeFiles::WriteDurably(const std::string& path, std::span<const std::byte> bytes) {
  const MutexLock lock(mutex_);
  MW_TRY(TakeFault());
  live_[path] = Bytes(bytes.begin(), bytes.end());
  durable_[path] = live_[path];
  return {};
}

Result<void> FakeFiles::WriteFast(const std::string& path, std::span<const std::byte> bytes) {
  const MutexLock lock(mutex_);
  MW_TRY(TakeFault());
  live_[path] = Bytes(bytes.begin(), bytes.end());
  return {};
}

Result<std::vector<std::string>> FakeFiles::List(const std::string& folder) {
  const MutexLock lock(mutex_);
  std::set<std::string> names;
  const std::string prefix = folder + "/";
  for (const auto& [path, bytes] : live_) {
    if (!path.starts_with(prefix)) continue;
    const std::string rest = path.substr(prefix.size());
    names.insert(rest.substr(0, rest.find('/')));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<void> FakeFiles::MakeFolders(const std::string&) { return {}; }

Result<void> FakeFiles::Remove(const std::string& path) {
  const MutexLock lock(mutex_);
  live_.erase(path);
  return {};
}

bool FakeFiles::Exists(const std::string& path) {
  const MutexLock lock(mutex_);
  return live_.contains(path);
}

void FakeFiles::PowerCut() {
  const MutexLock lock(mutex_);
  live_ = durable_;
}

void FakeFiles::FailNext(int writes, Errc code) {
  const MutexLock lock(mutex_);
  faults_ = writes;
  fault_code_ = code;
}

}  // namespace millwright::os
