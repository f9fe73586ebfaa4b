// Work orders of a maintenance system, from CSV (RFC 4180), as labels.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace millwright::cli {

/// Which column holds what, and what their codes mean to us.
struct WorkOrderMap {
  std::map<std::string, std::string, std::less<>>
      columns{};                                            // machine from to code id note -> title
  std::map<std::string, std::string, std::less<>> codes{};  // theirs -> a fault, healthy, neutral
  std::map<std::string, std::string, std::less<>>
      machines{};  // theirs -> SITE/ASSET; empty: as it is
};

struct WorkOrder {
  std::string id, site, asset, rating, fault, note;
  Nanos from = 0, to = 0;
  size_t line = 0;
};
struct WorkOrders {
  std::vector<WorkOrder> orders{};
  std::vector<std::string> skipped{};  // "line 7: code \"X9\" is not mapped"
};

/// "key=value" texts. kInvalid names the one that is none.
[[nodiscard]] Result<std::map<std::string, std::string, std::less<>>> ReadPairs(
    const std::vector<std::string>& texts, std::string_view what);

/// Rows of cells; quotes, doubled quotes and line ends in quotes as RFC 4180 says. kInvalid: a
/// quote that never ends, by line.
[[nodiscard]] Result<std::vector<std::vector<std::string>>> ParseCsv(std::string_view text,
                                                                     char separator);

/// kInvalid: a column that the file has not. A row that cannot be understood is skipped and told.
[[nodiscard]] Result<WorkOrders> ReadWorkOrders(std::string_view csv, char separator,
                                                const WorkOrderMap& map);

/// An act's id that the same row of the same file always has, so that importing twice adds nothing.
[[nodiscard]] std::string ActIdOf(const WorkOrder& order);

}  // namespace millwright::cli
