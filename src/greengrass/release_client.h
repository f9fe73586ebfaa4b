// A connection that leads to a folder: it answers the requests for jobs and streams from the
// release that lies there. So what Greengrass puts on a gateway goes the way of every other
// release: verified, proved, tried in shadow, on probation, committed or taken back.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "greengrass/release_folder.h"
#include "jobs/jobs_server.h"
#include "mqtt/client.h"
#include "os/clock.h"

namespace millwright::greengrass {

/// Which folder, and when to look again. Any thread.
class ReleaseWatch {
 public:
  explicit ReleaseWatch(std::string folder) : folder_(std::move(folder)) {}
  void SetFolder(std::string folder);
  /// Look now: something has been put there.
  void Look();
  [[nodiscard]] std::string folder() const;

 private:
  friend class ReleaseClient;
  /// Until somebody calls Look, SetFolder or Wake, at most so long. True where it is time to look.
  [[nodiscard]] bool Wait(Nanos wait_max);
  void Wake();

  mutable Mutex mutex_;
  CondVar changed_;
  std::string folder_ MW_GUARDED_BY(mutex_);
  bool look_ MW_GUARDED_BY(mutex_) = true;
  bool wake_ MW_GUARDED_BY(mutex_) = false;
};

struct ReleaseClientOptions {
  std::string prefix = "$aws/things";
  std::string thing;
  Nanos look_every = 5 * kSecond;
  /// A folder that is being replaced is not there for a moment: without a release we are not
  /// connected for so long, or a trial that goes on after a restart would be taken for cancelled.
  Nanos patience = 10 * kSecond;
};

class ReleaseClient : public mqtt::Client, private jobs::JobStore {
 public:
  /// What the gateway reported on the release. On the polling thread.
  using OnReport = std::function<void(const jobs::Execution& execution)>;
  /// Borrows files, clock and watch.
  ReleaseClient(ReleaseClientOptions options, os::Files& files, os::Clock& clock,
                ReleaseWatch& watch, OnReport on_report);

  [[nodiscard]] Result<void> Start(mqtt::Listener& listener) override;
  void Poll(Nanos wait_max) override;
  void Wake() override { watch_.Wake(); }
  [[nodiscard]] Result<int> Publish(std::string_view topic, std::span<const std::byte> payload,
                                    int qos, bool retain) override;
  [[nodiscard]] Result<void> Subscribe(std::string_view filter, int qos) override;
  [[nodiscard]] bool connected() const override { return connected_; }
  [[nodiscard]] size_t unacked() const override { return 0; }
  void Stop() override { connected_ = false; }

 private:
  struct Inbound {
    std::string topic;
    os::Bytes payload;
  };
  void LookForRelease();
  void Deliver();

  [[nodiscard]] Result<std::vector<jobs::Execution>> Pending(std::string_view thing) override;
  [[nodiscard]] Result<std::optional<jobs::Execution>> Find(std::string_view thing,
                                                            std::string_view job_id) override;
  [[nodiscard]] Result<void> Save(std::string_view thing,
                                  const jobs::Execution& execution) override;
  [[nodiscard]] Result<std::vector<std::string>> Overdue(Nanos now) override;

  const ReleaseClientOptions options_;
  os::Files& files_;
  os::Clock& clock_;
  ReleaseWatch& watch_;
  const OnReport on_report_;
  mqtt::Listener* listener_ = nullptr;
  ReleaseStreams streams_;
  jobs::JobsServer jobs_;
  jobs::StreamServer blocks_;
  std::optional<jobs::Execution> execution_;  // of the folder's release
  std::deque<Inbound> inbound_;               // to the listener
  std::string mark_;                          // of what is served, or could not be read
  std::string told_;                          // the last fault
  bool connected_ = false;
  Nanos started_at_ = 0, look_at_ = 0;
  int messages_ = 0;
};

}  // namespace millwright::greengrass
