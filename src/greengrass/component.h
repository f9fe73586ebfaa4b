// What the agent and a Greengrass nucleus say to each other: state, configuration, updates that
// must wait, and the newest word about the model. docs/formats/aws.md tells the user's side.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "greengrass/client.h"

namespace millwright::greengrass {

/// The component's configuration, as far as a running agent takes it.
struct ComponentSettings {
  std::string models;                // folder where the model component leaves its files
  std::string status_topic;          // head of it; empty: nothing is published
  Nanos defer_max = 3600 * kSecond;  // an update is put off so long at most
  bool operator==(const ComponentSettings&) const = default;
};

/// Reads GetConfiguration's answer. Keys that are missing keep their default; the Java nucleus
/// turns numbers into floats, so numbers may come as either, or as text.
[[nodiscard]] Result<ComponentSettings> ReadComponentSettings(const std::string& payload);

enum class ComponentState : uint8_t { kStarting, kRunning, kErrored };

/// Not thread-safe; callbacks come inside Work.
class Component {
 public:
  struct World {
    os::Clock& clock;
    /// Why an update of the component should wait now; nothing where it may come.
    std::function<std::optional<std::string>()> busy;
    std::function<void(const ComponentSettings&)> on_settings;
    /// A deployment has ended: look for new files.
    std::function<void()> on_deployed;
  };
  Component(ClientOptions options, OpenChannel open, World world);

  /// Told as soon as there is a connection, and again after each reconnect.
  void SetState(ComponentState state);
  /// To IoT Core, at least once; a newer message takes the place of one that still waits.
  void Publish(const std::string& topic, const std::string& payload);
  void Work();
  void Wait(Nanos wait_max) { client_.Wait(wait_max); }
  [[nodiscard]] bool connected() const { return client_.connected(); }
  /// The nucleus has heard of the state that was set last.
  [[nodiscard]] bool state_told() const { return state_ == told_; }

 private:
  struct Outgoing {
    std::string topic, payload;
  };
  void OnConnected();
  void TellState();
  void AskSettings();
  void TakeUpdate(const std::string& payload);
  void Defer(const std::string& deployment);
  void TryPublish();

  const World world_;
  Client client_;
  ComponentState state_ = ComponentState::kStarting;
  ComponentState told_ = ComponentState::kStarting;
  bool telling_ = false;
  ComponentSettings settings_;
  std::optional<Outgoing> outgoing_;  // not yet accepted
  bool publishing_ = false;
  Nanos publish_at_ = 0;    // after a refusal
  std::string deployment_;  // the one that is put off
  Nanos deferred_since_ = 0;
};

}  // namespace millwright::greengrass
