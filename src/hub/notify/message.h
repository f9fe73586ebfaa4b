// What a delivery says: for people as text and HTML, for programs as JSON. The same at every
// attempt.
#pragma once

#include <string>

#include "hub/notify/deliveries.h"
#include "hub/notify/options.h"
#include "zone/time_zone.h"

namespace millwright::hub::notify {

struct Message {
  std::string subject{}, text{}, html{};
};

/// Times are those of `zone`, named `zone_name`. One line for each item; what is beyond kItemsMax
/// as "and 37 more".
[[nodiscard]] Message Compose(const Delivery& delivery, const Options& options,
                              const TimeZone& zone, const std::string& zone_name);

/// The body of a webhook (docs/formats/notify.md): one JSON object.
[[nodiscard]] std::string Payload(const Delivery& delivery, const Options& options);

/// One line of what happened, without its time.
[[nodiscard]] std::string LineOf(const News& news);

}  // namespace millwright::hub::notify
