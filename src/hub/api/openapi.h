// The API's contract (openapi.json), as it is served at /openapi.json.
#pragma once

#include <string_view>

namespace millwright::hub {

/// An OpenAPI 3.1 document in JSON. A test holds every route and every answer against it.
[[nodiscard]] std::string_view OpenApiDocument();

}  // namespace millwright::hub
