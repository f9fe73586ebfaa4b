// The part of HDF5 that Keras' weights need: groups of datasets of floats, as h5py writes them.
// Our own reader, because the files come from anywhere: it reads nothing that it has not checked,
// and what it does not know is an error with a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::importer {

struct Hdf5Tensor {
  std::vector<uint64_t> shape{};  // empty: a scalar
  std::vector<float> values{};    // row by row
};

struct Hdf5Limits {
  size_t members = 4096;  // of a group
  size_t rank = 8;
  size_t values = size_t{64} << 20;  // of a dataset
};

/// Borrows its bytes. Reads superblocks 0 to 3, groups as symbol tables or as link messages,
/// contiguous and compact datasets of 16, 32 and 64 bit floats. Source: the HDF5 File Format
/// Specification, version 3.0.
class Hdf5File {
 public:
  /// kInvalid: no HDF5 file, or a broken one; kUnsupported: a version that is not known.
  [[nodiscard]] static Result<Hdf5File> Open(std::span<const std::byte> bytes,
                                             const Hdf5Limits& limits = {});
  /// `path` as in "layers/lstm/cell/vars/0". kNotFound; kInvalid where it is broken; kUnsupported
  /// where it is no plain dataset of floats; kExhausted beyond the limits.
  [[nodiscard]] Result<Hdf5Tensor> Read(std::string_view path) const;
  /// Names in a group, in no order. Errors as Read's.
  [[nodiscard]] Result<std::vector<std::string>> List(std::string_view path) const;

  struct Link {
    std::string name;
    uint64_t address = 0;  // of its object header
  };

 private:
  Hdf5File(std::span<const std::byte> bytes, const Hdf5Limits& limits)
      : bytes_(bytes), limits_(limits) {}
  [[nodiscard]] Result<uint64_t> Find(std::string_view path) const;
  [[nodiscard]] Result<std::vector<Link>> Links(uint64_t object) const;

  std::span<const std::byte> bytes_;
  Hdf5Limits limits_;
  uint64_t root_ = 0;
};

}  // namespace millwright::importer
