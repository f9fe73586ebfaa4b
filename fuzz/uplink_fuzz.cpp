// What a hostile device may send: the first byte picks the topic, the rest is the payload. Whatever
// comes is refused and counted or stored; the database's invariants hold.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/check.h"
#include "core/log.h"
#include "hub/ingest/ingest.h"
#include "mqtt/fake.h"
#include "os/clock.h"
#include "store/migrations.h"

namespace {

using namespace millwright;

struct World {
  os::FakeClock clock;
  mqtt::FakeBroker broker;
  metrics::Registry registry;
  hub::IngestMeters meters{registry};
  hub::ChangeFeed feed;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<mqtt::Client> client;
  std::unique_ptr<hub::Ingest> ingest;

  World() {
    log::SetLevel(log::Level::kError);
    auto opened = store::Database::Open(":memory:");
    MW_CHECK(opened.has_value());
    database = std::move(*opened);
    MW_CHECK(store::Migrate(*database).has_value());
    client = broker.MakeClient({.client_id = "hub"});
    ingest = std::make_unique<hub::Ingest>(*client, *database, clock, feed, meters);
    MW_CHECK(ingest->Start().has_value());
    ingest->Step(0);
  }

  [[nodiscard]] int64_t Count(const char* sql) const {
    int64_t count = -1;
    MW_CHECK(
        database->Each(sql, {}, [&](const store::Row& row) { count = row.Int(0); }).has_value());
    return count;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World world;
  if (size == 0) return 0;
  constexpr const char* kTopics[] = {"mw/v1/gw-1/events", "mw/v1/gw-1/telemetry",
                                     "mw/v1/gw-1/status", "mw/v1/gw-2/events"};
  const std::string payload(reinterpret_cast<const char*>(data) + 1,
                            size - 1);  // NOLINT: bytes as text
  world.broker.Publish(kTopics[data[0] % 4], payload);
  world.ingest->Step(0);
  MW_CHECK(world.meters.commit_failures.value() == 0);
  // What the lanes count is what is there.
  MW_CHECK(world.Count("SELECT COALESCE(SUM(stored), 0) FROM lanes") ==
           world.Count("SELECT COUNT(*) FROM events"));
  return 0;
}
