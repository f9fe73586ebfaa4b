#pragma once

#include <string>
#include <string_view>

#include "http/json_writer.h"
#include "hub/api/context.h"

namespace millwright::hub {

/// DEVICE of docs/formats/api.md for one device ("" for all), each as a value of the open array.
[[nodiscard]] Result<void> WriteDevices(http::JsonWriter& json, store::Database& database,
                                        const Freshness& freshness, Nanos now,
                                        std::string_view device);
/// /api/v1/devices, /api/v1/devices/{device}, /api/v1/models
void AddDeviceRoutes(http::Router& router, const ApiContext& context);

}  // namespace millwright::hub
