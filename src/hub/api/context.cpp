#include "hub/api/context.h"

namespace millwright::hub {
namespace {

Result<http::Response> Answer(const ApiContext& context, const ReadHandler& handler,
                              const http::Request& request) {
  MW_TRY(const store::ReaderPool::Lease reader, context.readers.Take());
  MW_TRY(const store::Transaction snapshot, reader->BeginRead());
  return handler(*reader, request);
}

}  // namespace

void AddRead(http::Router& router, const ApiContext& context, std::string_view path,
             ReadHandler handler) {
  router.Add("GET", path, [&context, handler = std::move(handler)](const http::Request& request) {
    Result<http::Response> response = Answer(context, handler, request);
    return response ? std::move(*response) : http::Problem(response.error());
  });
}

}  // namespace millwright::hub
