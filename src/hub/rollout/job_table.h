// jobs::JobStore on the hub's database.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/rollout/maintenance.h"
#include "jobs/execution.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

/// Of the job that sends a rollout's gateway back; the install has the rollout's own id.
inline constexpr std::string_view kUndoSuffix = "-undo";

/// The id of a rollout that changed.
using ChangeHook = std::function<void(const std::string& rollout)>;

/// Borrows the connection; a call runs in the caller's transaction where there is one. What a
/// person wants to read about a gateway's job goes into the audit table.
class JobTable : public jobs::JobStore {
 public:
  /// Borrows all. Without `maintenance` every job is offered at any time.
  JobTable(store::Database& database, os::Clock& clock, const Maintenance* maintenance = nullptr,
           ChangeHook on_change = {})
      : database_(database),
        clock_(clock),
        maintenance_(maintenance),
        on_change_(std::move(on_change)) {}
  /// Without what waits for its site's maintenance window.
  [[nodiscard]] Result<std::vector<jobs::Execution>> Pending(std::string_view thing) override;
  [[nodiscard]] Result<std::optional<jobs::Execution>> Find(std::string_view thing,
                                                            std::string_view job_id) override;
  /// Only of executions that are there (Queue makes them).
  [[nodiscard]] Result<void> Save(std::string_view thing,
                                  const jobs::Execution& execution) override;
  /// The device has the model: the book says so, and a rollout that was reversed sends it back.
  [[nodiscard]] Result<void> NoteLate(std::string_view thing,
                                      const jobs::Execution& reported) override;
  [[nodiscard]] Result<std::vector<std::string>> Overdue(Nanos now) override;

  /// Gateways that are there and may not know what they should: a job has waited for them since
  /// before `queued_before` and their site's window is open, or a job was taken back from them
  /// since `cancelled_since`.
  [[nodiscard]] Result<std::vector<std::string>> Uninformed(Nanos queued_before,
                                                            Nanos cancelled_since);

  /// A new one; kConflict where the device has this job already.
  [[nodiscard]] Result<void> Queue(std::string_view thing, const std::string& rollout,
                                   const jobs::Execution& execution);

 private:
  struct Known {
    std::string rollout{}, phase{};
  };
  [[nodiscard]] Result<void> NoteChange(std::string_view thing, const jobs::Execution& execution,
                                        const Known& before);

  [[nodiscard]] Result<bool> IsOpenFor(std::string_view thing);

  store::Database& database_;
  os::Clock& clock_;
  const Maintenance* const maintenance_;
  const ChangeHook on_change_;
};

}  // namespace millwright::hub
