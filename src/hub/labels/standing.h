// Where an alarm stands: what was said of it, whether it is shelved, whether a colleague is asked.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::hub {

struct Standing {
  static constexpr Nanos kUntilRepaired = std::numeric_limits<Nanos>::max();

  std::string verdict, rating, fault, reason, note, who, act;  // verdict empty: not judged
  Nanos at = 0;
  int64_t opinions = 0;  // how many people have judged it
  bool agreed = true;    // where they are several; else the rating is NEUTRAL
  Nanos shelved_until = 0;
  std::string shelved_by;
  Nanos asked = 0;  // 0: nobody is asked, or it was answered
  std::string asked_by, question;

  [[nodiscard]] bool judged() const { return !verdict.empty(); }
  [[nodiscard]] bool shelved(Nanos now) const { return shelved_until > now; }
};

/// From acts that were not taken back. The newest verdict of each person counts.
[[nodiscard]] Result<Standing> WorkOutStanding(store::Database& database, std::string_view device,
                                               std::string_view key);
[[nodiscard]] Result<void> SaveStanding(store::Database& database, std::string_view device,
                                        std::string_view key, const Standing& standing);

/// The columns of `judgements j`, in the order that StandingFromRow reads from `first` on; all NULL
/// where the alarm has no row.
#define MW_STANDING_COLUMNS                                                                       \
  "j.verdict, j.rating, j.fault, j.reason, j.note, j.who, j.at_ns, j.act, j.opinions, j.agreed, " \
  "j.shelved_until_ns, j.shelved_by, j.asked_ns, j.asked_by, j.question "
[[nodiscard]] Standing StandingFromRow(const store::Row& row, int first);

}  // namespace millwright::hub
