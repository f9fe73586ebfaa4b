// Object headers and groups of an HDF5 file: what hdf5.cpp builds its answers from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "importer/hdf5.h"

namespace millwright::importer::hdf5 {

enum MessageType : uint16_t {
  kDataspace = 0x01,
  kLinkInfo = 0x02,
  kDatatype = 0x03,
  kLink = 0x06,
  kLayout = 0x08,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
};

struct Message {
  uint16_t type = 0;
  bool is_shared = false;  // its data lies elsewhere
  std::span<const std::byte> data{};
};

inline constexpr uint64_t kNowhere = ~uint64_t{0};  // the "undefined address"

[[nodiscard]] inline tl::unexpected<Error> Broken(const std::string& what) {
  return Fail(Errc::kInvalid, "hdf5: " + what);
}

/// All messages of the object header at `address`, continuations followed. kInvalid where it
/// breaks off or goes in circles.
[[nodiscard]] Result<std::vector<Message>> ReadMessages(std::span<const std::byte> file,
                                                        uint64_t address);

/// The links of a group with these messages: from its B-tree and name heap, or from its link
/// messages. kUnsupported for groups that keep them in a fractal heap.
[[nodiscard]] Result<std::vector<Hdf5File::Link>> ReadLinks(std::span<const std::byte> file,
                                                            std::span<const Message> messages,
                                                            size_t members_max);

}  // namespace millwright::importer::hdf5
