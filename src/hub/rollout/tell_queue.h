// Gateways whose jobs changed, in the order in which they are told.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

namespace millwright::hub {

/// Holds each gateway once: never more than the fleet.
class TellQueue {
 public:
  /// `again`: whatever it was told last, it is to hear it once more.
  void Add(const std::string& device, bool again) {
    const auto [place, fresh] = again_.try_emplace(device, again);
    if (fresh)
      order_.push_back(device);
    else
      place->second = place->second || again;
  }
  [[nodiscard]] bool empty() const { return order_.empty(); }
  /// The one that has waited longest, and whether it hears it again. Not where it is empty.
  [[nodiscard]] std::pair<std::string, bool> Take() {
    const auto found = again_.find(order_.front());
    std::pair<std::string, bool> taken(*found);
    again_.erase(found);
    order_.pop_front();
    return taken;
  }

 private:
  std::deque<std::string> order_;
  std::map<std::string, bool> again_;
};

}  // namespace millwright::hub
