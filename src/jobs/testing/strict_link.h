// Two brokers with AWS's limits between: what a device publishes on one reaches the service on the
// other, and back, unless AWS would refuse it. What was refused is kept, with the reason.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jobs/testing/strict_iot.h"
#include "mqtt/fake.h"
#include "os/clock.h"

namespace millwright::jobs {

class StrictLink {
 public:
  StrictLink(const std::string& thing, mqtt::FakeBroker& device, mqtt::FakeBroker& service,
             os::Clock& clock)
      : iot_(thing), clock_(clock), device_(*this, device, true), service_(*this, service, false) {
    const std::string head = "$aws/things/" + thing;
    for (const char* of : {"/jobs/get", "/jobs/start-next", "/jobs/+/get", "/jobs/+/update",
                           "/streams/+/describe/+", "/streams/+/get/+"})
      device_.Subscribe(head + of);
    for (const char* of :
         {"/jobs/notify", "/jobs/notify-next", "/jobs/+/accepted", "/jobs/+/rejected",
          "/jobs/+/+/accepted", "/jobs/+/+/rejected", "/streams/+/description/+",
          "/streams/+/data/+", "/streams/+/rejected/+"})
      service_.Subscribe(head + of);
  }
  void Work() {
    device_.Poll();
    service_.Poll();
  }
  /// "topic: why", in order.
  [[nodiscard]] const std::vector<std::string>& refused() const { return refused_; }
  [[nodiscard]] size_t passed() const { return passed_; }
  StrictIot& iot() { return iot_; }

 private:
  class End : private mqtt::Listener {
   public:
    End(StrictLink& link, mqtt::FakeBroker& broker, bool device)
        : link_(link),
          device_(device),
          client_(broker.MakeClient({.client_id = "strict-link", .clean_session = true})) {
      EXPECT_TRUE(client_->Start(*this));
    }
    void Subscribe(const std::string& filter) { EXPECT_TRUE(client_->Subscribe(filter, 2)); }
    void Poll() { client_->Poll(0); }
    void Publish(const mqtt::Message& message) {
      EXPECT_TRUE(client_->Publish(std::string(message.topic), message.payload, 1, false));
    }

   private:
    void OnMessage(const mqtt::Message& message) override { link_.Judge(device_, message); }
    StrictLink& link_;
    const bool device_;
    std::unique_ptr<mqtt::Client> client_;
  };

  void Judge(bool from_device, const mqtt::Message& message) {
    const auto why = from_device ? iot_.FromDevice(message.topic, message.payload, message.qos,
                                                   clock_.Monotonic())
                                 : iot_.FromService(message.topic, message.payload, message.qos);
    if (why) {
      refused_.push_back(std::string(message.topic) + ": " + *why);
      return;
    }
    ++passed_;
    (from_device ? service_ : device_).Publish(message);
  }

  StrictIot iot_;
  os::Clock& clock_;
  std::vector<std::string> refused_;
  size_t passed_ = 0;
  End device_, service_;
};

}  // namespace millwright::jobs
