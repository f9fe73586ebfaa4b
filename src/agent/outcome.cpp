#include "agent/outcome.h"

namespace millwright::agent {

std::string_view Name(State state) {
  switch (state) {
    case State::kLearning:
      return "learning";
    case State::kRunning:
      return "running";
    case State::kStopped:
      return "stopped";
    case State::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace millwright::agent
