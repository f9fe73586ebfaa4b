#include "hub/ingest/service_sender.h"

#include "core/log.h"
#include "os/files.h"
#include "wire/event.pb.h"
#include "wire/topics.h"

namespace millwright::hub {

void ServiceSender::Step() {
  const Nanos now = clock_.Monotonic();
  if (now < look_at_ || !client_.connected()) return;
  look_at_ = now + kLookEvery;
  struct Waiting {
    wire::ServiceOrders orders;
    Nanos newest = 0;
  };
  std::map<std::string, Waiting> waiting;
  const auto read = database_.Each(
      "SELECT device, id, asset, at_ns FROM services WHERE done_ns IS NULL ORDER BY at_ns LIMIT $1",
      {kOrdersMax}, [&](const store::Row& row) {
        Waiting& of = waiting[std::string(row.Text(0))];
        wire::ServiceOrder& order = *of.orders.add_orders();
        order.set_service(std::string(row.Text(1)));
        order.set_asset(std::string(row.Text(2)));
        order.set_at_ns(row.Int(3));
        of.newest = row.Int(3);
      });
  if (!read) return log::Failure("ingest", read.error());
  std::erase_if(sent_, [&](const auto& one) { return !waiting.contains(one.first); });
  for (const auto& [device, of] : waiting) {
    const auto before = sent_.find(device);
    if (before != sent_.end() && before->second.newest >= of.newest &&
        now - before->second.at < kAgainAfter)
      continue;
    const std::string payload = of.orders.SerializeAsString();
    // Without a session nobody keeps it for a gateway that is away: it is sent when it is heard.
    if (!client_.Publish(wire::ServiceTopic(DeviceId(device)), os::AsBytes(payload), 1, false))
      return;
    sent_[device] = {now, of.newest};
  }
}

}  // namespace millwright::hub
