// A pack on its way: blocks arrive in any order, from whatever source, and which of them are on
// disk survives a power cut at any moment.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "os/disk.h"
#include "slots/state.h"

namespace millwright::slots {

inline constexpr uint32_t kBlockBytesMin = 256;
inline constexpr uint32_t kBlockBytesMax = 131072;  // what one AWS IoT message may carry

/// Not thread-safe.
class Staging {
 public:
  /// Goes on with what is in `folder` where it is the same pack in the same blocks, else begins
  /// anew.
  [[nodiscard]] static Result<Staging> Open(os::Disk& disk, const std::string& folder,
                                            const BundleRef& bundle, uint32_t block_bytes);

  [[nodiscard]] uint32_t block_bytes() const { return block_bytes_; }
  [[nodiscard]] uint32_t blocks() const { return static_cast<uint32_t>(have_.size()); }
  [[nodiscard]] uint32_t received() const { return received_; }
  [[nodiscard]] bool complete() const { return received_ == have_.size(); }
  [[nodiscard]] bool Has(uint32_t block) const { return have_[block]; }
  /// The first `count` blocks that are missing.
  [[nodiscard]] std::vector<uint32_t> Missing(size_t count) const;

  /// Makes a block durable; one that is there already is no error. kInvalid: no such block, or not
  /// of its length.
  [[nodiscard]] Result<void> Put(uint32_t block, std::span<const std::byte> bytes);

  [[nodiscard]] static std::string PackPath(const std::string& folder) { return folder + "/pack"; }

 private:
  Staging(os::Disk& disk, std::string folder, uint64_t bytes, uint32_t block_bytes);
  [[nodiscard]] Result<void> Resume(const std::string& header);
  [[nodiscard]] Result<void> Begin(const std::string& header);
  [[nodiscard]] uint64_t LengthOf(uint32_t block) const;
  [[nodiscard]] std::string MarksPath() const { return folder_ + "/blocks"; }

  os::Disk* disk_;
  std::string folder_;
  uint64_t bytes_;
  uint32_t block_bytes_;
  size_t header_bytes_ = 0;
  std::vector<bool> have_;
  uint32_t received_ = 0;
};

}  // namespace millwright::slots
