// What every route works with.
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "http/message.h"
#include "http/router.h"
#include "os/clock.h"
#include "store/pool.h"

namespace millwright::hub {

/// After how long without news a machine or a link counts as not known.
struct Freshness {
  Nanos telemetry_period = kSecond;
  [[nodiscard]] Nanos machine_max() const {
    return std::max<Nanos>(6 * kSecond, 3 * telemetry_period);
  }
  [[nodiscard]] Nanos link_max() const {
    return std::max<Nanos>(15 * kSecond, 3 * telemetry_period);
  }
};

struct ApiContext {
  store::ReaderPool& readers;
  os::Clock& clock;
  Freshness freshness;
  std::string version;
};

/// Adds a route whose handler reads one state of the database; its Errors become problems.
using ReadHandler = std::function<Result<http::Response>(store::Database&, const http::Request&)>;
void AddRead(http::Router& router, const ApiContext& context, std::string_view path,
             ReadHandler handler);

}  // namespace millwright::hub
