// Executions in memory, for tests.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "jobs/execution.h"

namespace millwright::jobs {

class MemoryJobStore : public JobStore {
 public:
  [[nodiscard]] Result<std::vector<Execution>> Pending(std::string_view thing) override {
    std::vector<Execution> out;
    for (const auto& [id, e] : things_[std::string(thing)])
      if (!IsTerminal(e.status)) out.push_back(e);
    std::ranges::sort(out, [](const Execution& a, const Execution& b) {
      const bool a_runs = a.status == Status::kInProgress, b_runs = b.status == Status::kInProgress;
      return a_runs != b_runs ? a_runs : a.queued_at < b.queued_at;
    });
    return out;
  }
  [[nodiscard]] Result<std::optional<Execution>> Find(std::string_view thing,
                                                      std::string_view job_id) override {
    const auto& jobs = things_[std::string(thing)];
    const auto found = jobs.find(std::string(job_id));
    return found == jobs.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] Result<void> Save(std::string_view thing, const Execution& execution) override {
    things_[std::string(thing)][execution.job_id] = execution;
    return {};
  }
  [[nodiscard]] Result<std::vector<std::string>> Overdue(Nanos now) override {
    std::vector<std::string> out;
    for (const auto& [thing, jobs] : things_)
      for (const auto& [id, e] : jobs)
        if (e.step_deadline != 0 && e.step_deadline <= now) out.push_back(thing);
    return out;
  }

 private:
  std::map<std::string, std::map<std::string, Execution>> things_;
};

}  // namespace millwright::jobs
