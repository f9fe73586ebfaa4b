// The pack's blocks on their way into the slots' staging.
#pragma once

#include <utility>

#include "agent/delivery.h"
#include "slots/staging.h"

namespace millwright::agent {

class Delivery::Sink : public jobs::BlockSink {
 public:
  explicit Sink(slots::Staging opened) : staging(std::move(opened)) {}
  [[nodiscard]] uint32_t block_bytes() const override { return staging.block_bytes(); }
  [[nodiscard]] std::vector<uint32_t> Missing(size_t count) const override {
    return staging.Missing(count);
  }
  [[nodiscard]] Result<void> Put(uint32_t block, std::span<const std::byte> bytes) override {
    return staging.Put(block, bytes);
  }
  slots::Staging staging;
};

/// "<models>/offer.json": of the candidate; "<models>/undo.json": of the last undo.
[[nodiscard]] std::string NotePath(const Settings& settings);
[[nodiscard]] std::string UndoNotePath(const Settings& settings);

}  // namespace millwright::agent
