// Rollouts as people read them, and the options by which they proceed. Only for .cpp files.
#pragma once

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "columns.h"
#include "context.h"
#include "core/result.h"

namespace millwright::cli {

[[nodiscard]] std::span<const Column> RolloutColumns();
/// With its gates, gateways and log; --json: one flat object.
void PrintRollout(const nlohmann::json& rollout, const Context& context);

/// What is not given is the hub's to choose.
/// Which gateways it is for.
struct CohortOptions {
  std::vector<std::string> sites, devices, hardware, machine_classes;
};
void AddCohortOptions(CLI::App& command, CohortOptions& options);
void PutCohort(const CohortOptions& options, nlohmann::json& body);

struct PolicyOptions {
  std::vector<std::string> waves;
  double wave_min_s = -1, success_share = -1, failure_share = -1;
  int windows_min = 0;
  double time_min_s = -1;
  bool no_approval = false, reverse_on_halt = false;
};
void AddPolicyOptions(CLI::App& command, PolicyOptions& options);
[[nodiscard]] Result<nlohmann::json> PolicyOf(const PolicyOptions& options);

}  // namespace millwright::cli
