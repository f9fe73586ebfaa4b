// Paths, queries and cursors that a browser or an attacker may send, against every reading route
// over an empty database; and compressed bodies.
#include <cstdint>
#include <memory>
#include <string>

#include "core/check.h"
#include "http/gzip.h"
#include "http/router.h"
#include "hub/api/alarm_routes.h"
#include "hub/api/device_routes.h"
#include "hub/api/event_routes.h"
#include "hub/api/machine_routes.h"
#include "hub/api/series.h"
#include "store/migrations.h"

namespace {

using namespace millwright;

struct World {
  os::FakeClock clock;
  std::unique_ptr<store::Database> writer;
  std::unique_ptr<store::ReaderPool> readers;
  std::unique_ptr<hub::ApiContext> context;
  http::Router router;

  World() {
    const char* path = "file:http_fuzz?mode=memory&cache=shared";
    auto opened = store::Database::Open(path);
    MW_CHECK(opened.has_value());
    writer = std::move(*opened);
    MW_CHECK(store::Migrate(*writer).has_value());
    auto pool = store::ReaderPool::Open(path, 1);
    MW_CHECK(pool.has_value());
    readers = std::move(*pool);
    context = std::make_unique<hub::ApiContext>(hub::ApiContext{*readers, clock, {}, "fuzz"});
    hub::AddAlarmRoutes(router, *context);
    hub::AddDeviceRoutes(router, *context);
    hub::AddEventRoutes(router, *context);
    hub::AddMachineRoutes(router, *context);
    hub::AddSeriesRoute(router, *context);
  }
};

}  // namespace

// The input: a path, a line feed, then lines "name=value".
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World world;
  const std::string text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes as text
  static_cast<void>(http::Gunzip(text, 1 << 16).has_value());
  http::Request request;
  request.method = "GET";
  size_t at = text.find('\n');
  request.path = text.substr(0, at);
  while (at != std::string::npos) {
    const size_t end = text.find('\n', at + 1);
    const std::string line = text.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    const size_t equals = line.find('=');
    request.query.emplace_back(line.substr(0, equals),
                               equals == std::string::npos ? "" : line.substr(equals + 1));
    at = end;
  }
  const int status = world.router.Handle(request).response.status;
  MW_CHECK(status == 200 || status == 400 || status == 404);
  return 0;
}
