// The last step of an answer: validators, compression, headers that every answer carries.
#pragma once

#include <string>

#include "http/message.h"

namespace httplib {
struct Response;
}

namespace millwright::http {

/// Fills the library's response; the status that goes out (304 where the client has it already).
int ToLibrary(const Request& request, Response response, httplib::Response& to);

/// Status line and headers of an event stream.
[[nodiscard]] std::string StreamHead(const Response& response);

}  // namespace millwright::http
