#include "hub/api/answers.h"

namespace millwright::hub {

std::string WhoAsks(const http::Request& request) {
  return request.who.empty() ? "api" : request.who;
}

http::Response JsonAnswer(http::JsonWriter& json, int status) {
  http::Response response;
  response.status = status;
  response.body = json.Take();
  return response;
}

http::Response Answered(Result<http::Response> result) {
  return result ? std::move(*result) : http::Problem(result.error());
}

tl::unexpected<Error> NoDelivery() {
  return Fail(Errc::kConflict,
              "this hub delivers no models: delivery.repository is not set in its configuration");
}

}  // namespace millwright::hub
