// Labels as they are read: one row for each alarm that was judged and for each range.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::hub {

struct LabelRow {
  std::string act, site, asset, device, alarm_key, rating, verdict, fault, reason, note, source,
      who;
  std::string said_fault, model_name, model_hash;
  int64_t number = 0, said_level = 0, opinions = 0;
  int64_t baseline_version = 1;  // that judged at its begin
  double score = 0;
  Nanos start = 0, end = 0;   // of what is labelled, device clock
  Nanos arrived = 0, at = 0;  // when the alarm reached the hub; when the label did
};

struct LabelQuery {
  std::string site{}, asset{};     // empty: all
  Nanos from = 0, to = INT64_MAX;  // by `at`
  int64_t offset = 0;
  int limit = 10'000;
};

/// Oldest first, by when they arrived. Of an alarm: the newest verdict, with the rating that all
/// who judged it leave (NEUTRAL where they disagree). What was taken back is left out.
[[nodiscard]] Result<std::vector<LabelRow>> LoadLabels(store::Database& database,
                                                       const LabelQuery& query);

/// SHA-256 over all that training uses of them, hex: the same labels give the same digest.
[[nodiscard]] std::string DigestOf(std::span<const LabelRow> labels);

}  // namespace millwright::hub
