// Servers that answer gateways hold a store for life; Rollouts hands its own out only under its
// lock. These stand between: they are good while something is lent to them, and only then.
#pragma once

#include "hub/rollout/job_table.h"
#include "hub/rollout/releases.h"

namespace millwright::hub {

class LentJobs : public jobs::JobStore {
 public:
  /// Until the end of the scope.
  class Loan {
   public:
    Loan(LentJobs& to, JobTable& table) : to_(to) { to_.table_ = &table; }
    ~Loan() { to_.table_ = nullptr; }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

   private:
    LentJobs& to_;
  };

  [[nodiscard]] Result<std::vector<jobs::Execution>> Pending(std::string_view thing) override {
    return table_ == nullptr ? NotLent() : table_->Pending(thing);
  }
  [[nodiscard]] Result<std::optional<jobs::Execution>> Find(std::string_view thing,
                                                            std::string_view job_id) override {
    return table_ == nullptr ? NotLent() : table_->Find(thing, job_id);
  }
  [[nodiscard]] Result<void> Save(std::string_view thing,
                                  const jobs::Execution& execution) override {
    return table_ == nullptr ? NotLent() : table_->Save(thing, execution);
  }
  [[nodiscard]] Result<void> NoteLate(std::string_view thing,
                                      const jobs::Execution& reported) override {
    return table_ == nullptr ? NotLent() : table_->NoteLate(thing, reported);
  }
  [[nodiscard]] Result<std::vector<std::string>> Overdue(Nanos now) override {
    return table_ == nullptr ? NotLent() : table_->Overdue(now);
  }

 private:
  [[nodiscard]] static tl::unexpected<Error> NotLent() {
    return Fail(Errc::kInternal, "delivery: jobs were asked for outside the rollouts' lock");
  }
  JobTable* table_ = nullptr;
};

class LentReleases : public jobs::StreamSource {
 public:
  class Loan {
   public:
    Loan(LentReleases& to, Releases& releases) : to_(to) { to_.releases_ = &releases; }
    ~Loan() { to_.releases_ = nullptr; }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

   private:
    LentReleases& to_;
  };

  [[nodiscard]] Result<std::optional<jobs::StreamInfo>> Describe(std::string_view thing,
                                                                 std::string_view stream) override {
    return releases_ == nullptr ? NotLent() : releases_->Describe(thing, stream);
  }
  [[nodiscard]] Result<jobs::Bytes> Read(std::string_view thing, std::string_view stream,
                                         int64_t file, uint64_t offset, size_t bytes) override {
    return releases_ == nullptr ? NotLent() : releases_->Read(thing, stream, file, offset, bytes);
  }

 private:
  [[nodiscard]] static tl::unexpected<Error> NotLent() {
    return Fail(Errc::kInternal, "delivery: files were asked for outside the rollouts' lock");
  }
  Releases* releases_ = nullptr;
};

}  // namespace millwright::hub
