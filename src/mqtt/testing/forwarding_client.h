// A client that hands everything to another; tests override the one call that they watch or time.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "mqtt/client.h"

namespace millwright::mqtt::testing {

class ForwardingClient : public Client {
 public:
  explicit ForwardingClient(std::unique_ptr<Client> inner) : inner_(std::move(inner)) {}

  Result<void> Start(Listener& listener) override { return inner_->Start(listener); }
  void Poll(Nanos wait) override { inner_->Poll(wait); }
  void Wake() override { inner_->Wake(); }
  Result<int> Publish(std::string_view topic, std::span<const std::byte> payload, int qos,
                      bool retain) override {
    return inner_->Publish(topic, payload, qos, retain);
  }
  Result<void> Subscribe(std::string_view filter, int qos) override {
    return inner_->Subscribe(filter, qos);
  }
  bool connected() const override { return inner_->connected(); }
  size_t unacked() const override { return inner_->unacked(); }
  void Reconnect() override { inner_->Reconnect(); }
  void Stop() override { inner_->Stop(); }

 private:
  std::unique_ptr<Client> inner_;
};

}  // namespace millwright::mqtt::testing
