// What the routes that change rollouts, schedules and maintenance windows have in common.
#pragma once

#include <string>

#include "core/result.h"
#include "http/json_writer.h"
#include "http/message.h"

namespace millwright::hub {

/// Who asks; the record of each change names it.
[[nodiscard]] std::string WhoAsks(const http::Request& request);
[[nodiscard]] http::Response JsonAnswer(http::JsonWriter& json, int status = 200);
/// An Error becomes a problem.
[[nodiscard]] http::Response Answered(Result<http::Response> result);
/// Of a hub without a repository.
[[nodiscard]] tl::unexpected<Error> NoDelivery();

}  // namespace millwright::hub
