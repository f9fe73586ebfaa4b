// All labels of a hub, page by page. Only for .cpp files.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "context.h"
#include "core/result.h"

namespace CLI {
class App;
}

namespace millwright::cli {

inline constexpr int64_t kLabelsMost = 1'000'000;

/// {"labels": [...], "digest": of all where they are one page, else empty}. Empty site, asset: all.
[[nodiscard]] Result<nlohmann::json> AskLabels(const Context& context, const std::string& site,
                                               const std::string& asset, int64_t limit);

void ConfigureLabelExport(CLI::App& command, Context& context);

}  // namespace millwright::cli
