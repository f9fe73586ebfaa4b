// Updates rows piece by piece, between the pieces of the products of the rows that follow: a lone
// stream's product waits for memory, and the update's arithmetic fits into the waits.
#pragma once

#include <algorithm>

#include "nn/kernels/packed/kernels.h"

namespace millwright::nn::packed {

class StagedUpdate {
 public:
  StagedUpdate(const Kernels& kernels, const CellPlan& plan) : kernels_(kernels), plan_(plan) {}

  /// Where the next row's sums go; untouched until that row is updated.
  [[nodiscard]] int32_t* NextSums() {
    slot_ = (slot_ + 1) % kSlots;
    return sums_ + slot_ * kRowSums;
  }
  /// A row whose sums are complete.
  void Add(const Row& row) {
    gathered_[gathered_count_++] = row;
    if (gathered_count_ == kernels_.stage_rows) Begin();
  }
  /// One stage of the rows that are being updated; nothing where there are none.
  void RunStage() {
    if (count_ == 0) return;
    kernels_.update_stage(plan_, rows_, count_, stage_, carry_);
    if (++stage_ == kStages) count_ = 0;
  }
  /// All rows that were added.
  void Finish() {
    Begin();
    while (count_ > 0) RunStage();
  }

 private:
  static constexpr size_t kSlots = 2 * kStageRowsMax;  // being updated, and being gathered

  void Begin() {
    while (count_ > 0) RunStage();
    std::copy_n(gathered_, gathered_count_, rows_);
    count_ = gathered_count_;
    gathered_count_ = stage_ = 0;
  }

  const Kernels& kernels_;
  const CellPlan& plan_;
  Row rows_[kStageRowsMax], gathered_[kStageRowsMax];
  size_t count_ = 0, stage_ = 0, gathered_count_ = 0, slot_ = 0;
  Carry carry_;
  alignas(64) int32_t sums_[kSlots * kRowSums];
};

}  // namespace millwright::nn::packed
