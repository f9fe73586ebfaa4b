// What every command gets, and what it gives back.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace CLI {
class App;
}

namespace millwright::cli {

enum ExitCode : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kConfig = 3,
  kNotFound = 4,
  kUnavailable = 69,  // sysexits.h EX_UNAVAILABLE: the hub or a broker does not answer
};

struct Context {
  std::string program_folder;  // where the other programs lie
  std::string hub = "http://127.0.0.1:8080";
  std::string token;    // access token; for `enroll` the one-time token
  std::string ca_file;  // who vouches for an https hub
  bool json = false;
  bool color = false;
  int exit_code = kOk;
};

[[nodiscard]] ExitCode ExitCodeOf(Errc code);

/// Reports the error as this command line wants it (text on stderr, or one flat JSON object) and
/// keeps its exit code.
void FailWith(Context& context, const Error& error, std::string_view hint = {});

}  // namespace millwright::cli
