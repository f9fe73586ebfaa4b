// The real agent program with a model that brings it down as soon as it decides, and a service
// manager that starts it again.
#pragma once

#include <string>

#include "core/result.h"

namespace millwright::bench {

struct CrashRequest {
  std::string agent, mosquitto, folder;
};

struct CrashFigures {
  int crashes = 0;
  double back_s = 0;  // from the first crash to the first decision of the model before
};

[[nodiscard]] Result<CrashFigures> RunCrashLoop(const CrashRequest& request);

}  // namespace millwright::bench
