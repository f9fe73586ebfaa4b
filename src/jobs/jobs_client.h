// The device's half of the AWS IoT Jobs contract: learns of its next job and reports on it until
// the service has said yes. The same against AWS IoT Core and against our hub.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/execution.h"
#include "os/clock.h"

namespace millwright::jobs {

struct Job {
  std::string id{};
  Status status = Status::kQueued;
  Details details{};
  int64_t version = 0;
  std::string document{};  // JSON text
};

/// Not thread-safe; polled by the thread that owns the connection. A device works on one job at a
/// time.
class JobsClient {
 public:
  using Publish = std::function<bool(const std::string& topic, const std::string& payload)>;
  /// The job to do now; nothing where there is none. Called again only when it is another one, or
  /// was ended by the service.
  using OnNext = std::function<void(const std::optional<Job>& job)>;

  /// Borrows the clock.
  JobsClient(std::string prefix, std::string thing, os::Clock& clock, Publish publish,
             OnNext on_next);

  [[nodiscard]] std::vector<std::string> Filters() const;
  /// After each (re)connect: asks what there is, and sends again what was not answered.
  void OnConnected();
  bool OnMessage(std::string_view topic, std::span<const std::byte> payload);
  /// Every second or so: asks again where an answer is overdue.
  void Tick();

  /// Reports on the current job. The newest report is repeated until it is accepted; an older one
  /// that still waits gives way to it. Details that the contract does not take are made to fit
  /// (details.h).
  void Report(Status status, Details details);
  [[nodiscard]] const std::optional<Job>& job() const { return job_; }
  /// True while a report waits for its answer.
  [[nodiscard]] bool reporting() const { return pending_.has_value(); }

 private:
  struct PendingReport {
    std::string job_id;
    Status status;
    Details details;
    std::string token;
  };
  void Ask();
  void Send();
  void TakeNext(std::span<const std::byte> payload);
  void TakeAnswer(bool accepted, std::span<const std::byte> payload);
  void Become(std::optional<Job> job);
  [[nodiscard]] std::string Topic(std::string_view rest) const;

  const std::string prefix_, thing_;
  os::Clock& clock_;
  const Publish publish_;
  const OnNext on_next_;
  std::optional<Job> job_;
  std::optional<PendingReport> pending_;
  bool asked_ = false;
  Nanos sent_at_ = 0;
  uint64_t tokens_ = 0;
};

}  // namespace millwright::jobs
