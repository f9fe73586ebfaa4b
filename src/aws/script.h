// apply.sh: the calls of the AWS command line, step by step, each safe to repeat.
#pragma once

#include <string>

#include "aws/plan.h"

namespace millwright::aws {

[[nodiscard]] std::string DeploymentFile(size_t target);

/// A plain POSIX shell script; every name in it has been checked (export.h).
[[nodiscard]] std::string Script(const Plan& plan);

}  // namespace millwright::aws
