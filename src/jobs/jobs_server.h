// The service's half of the AWS IoT Jobs contract over MQTT: what a device publishes comes in, what
// it is answered goes out. Source: AWS IoT Core developer guide, "Jobs device MQTT API".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "jobs/execution.h"
#include "os/clock.h"

namespace millwright::jobs {

/// Not thread-safe; polled by the thread that owns the connection.
class JobsServer {
 public:
  using Publish = std::function<void(const std::string& topic, std::string payload)>;

  /// Borrows store and clock. `publish` sends with QoS 1.
  JobsServer(JobStore& store, os::Clock& clock, std::string prefix, Publish publish);

  /// True where the topic is a request of this contract; it is answered, on .../accepted or
  /// .../rejected, whatever it says.
  bool OnMessage(std::string_view topic, std::span<const std::byte> payload);
  /// The device's executions were changed by the service (queued, cancelled): tells it where its
  /// list or its next one differ from what it was told last.
  void OnJobsChanged(std::string_view thing);
  /// Tells the device its list and its next one whether or not they changed: what it was told last
  /// may have been lost on the way.
  void Remind(std::string_view thing);
  /// Ends steps whose time is over. Every second or so.
  void Tick();

  /// What subscribes to all requests of all things.
  [[nodiscard]] std::vector<std::string> Filters() const;

 private:
  class Request;
  struct Told {  // nothing: not known, as after a start
    std::optional<std::string> list, next;
  };
  void List(Request& request);
  void StartNext(Request& request);
  void Describe(Request& request);
  void Update(Request& request);
  [[nodiscard]] Result<std::optional<Execution>> Resolve(std::string_view thing,
                                                         std::string_view job_id);
  void Notify(std::string_view thing, std::string_view kind, const std::string& what);

  JobStore& store_;
  os::Clock& clock_;
  const std::string prefix_;
  const Publish publish_;
  std::map<std::string, Told, std::less<>> told_;  // by thing
};

}  // namespace millwright::jobs
