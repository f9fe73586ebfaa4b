#include "jobs/stream_server.h"

#include <algorithm>

#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

// Of one request: a device asks again for what is missing, so more at once only costs memory.
constexpr size_t kBlocksPerRequestMax = 1024;
constexpr size_t kRequestsMax = 4096;

std::vector<int64_t> WantedBlocks(const GetRequest& request, int64_t blocks) {
  std::vector<int64_t> wanted;
  const int64_t count = request.count.value_or(blocks);
  const auto add = [&](int64_t block) {
    if (block < blocks && wanted.size() < kBlocksPerRequestMax &&
        static_cast<int64_t>(wanted.size()) < count)
      wanted.push_back(block);
  };
  if (request.bitmap.empty()) {
    for (int64_t i = 0; i < std::min(count, blocks - request.offset); ++i) add(request.offset + i);
    return wanted;
  }
  for (size_t i = 0; i < request.bitmap.size() * 8; ++i)
    if ((request.bitmap[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0})
      add(request.offset + static_cast<int64_t>(i));
  return wanted;
}

}  // namespace

StreamServer::StreamServer(StreamSource& source, std::string prefix, Publish publish)
    : source_(source), prefix_(std::move(prefix)), publish_(std::move(publish)) {}

std::vector<std::string> StreamServer::Filters() const {
  return {prefix_ + "/+/streams/+/describe/+", prefix_ + "/+/streams/+/get/+"};
}

std::string StreamServer::Topic(std::string_view thing, std::string_view stream, const char* what,
                                Encoding encoding) const {
  return StreamTopic(prefix_, thing, stream, std::string(what) + "/" + std::string(Name(encoding)));
}

bool StreamServer::OnMessage(std::string_view topic, std::span<const std::byte> payload) {
  const auto address = ParseStreamTopic(prefix_, topic);
  if (!address) return false;
  const Encoding encoding = address->cbor ? Encoding::kCbor : Encoding::kJson;
  if (address->describe) {
    Describe(address->thing, address->stream, encoding, payload);
  } else {
    Get(address->thing, address->stream, encoding, payload);
  }
  return true;
}

void StreamServer::Refuse(std::string_view thing, std::string_view stream, Encoding encoding,
                          StreamRefusal refusal) {
  (void)publish_(Topic(thing, stream, "rejected", encoding), Write(refusal, encoding));
}

void StreamServer::Describe(std::string_view thing, std::string_view stream, Encoding encoding,
                            std::span<const std::byte> payload) {
  const auto request = ReadDescribe(payload, encoding);
  if (!request)
    return Refuse(thing, stream, encoding,
                  {.code = "InvalidRequest", .message = request.error().what});
  const auto info = source_.Describe(thing, stream);
  if (!info)
    return Refuse(thing, stream, encoding,
                  {.token = request->token, .code = "InternalError", .message = info.error().what});
  if (!*info)
    return Refuse(
        thing, stream, encoding,
        {.token = request->token, .code = "ResourceNotFound", .message = "no such stream"});
  const Description description{.token = request->token,
                                .version = (*info)->version,
                                .text = (*info)->text,
                                .files = (*info)->files};
  (void)publish_(Topic(thing, stream, "description", encoding), Write(description, encoding));
}

void StreamServer::Get(std::string_view thing, std::string_view stream, Encoding encoding,
                       std::span<const std::byte> payload) {
  auto request = ReadGet(payload, encoding);
  if (!request)
    return Refuse(thing, stream, encoding,
                  {.code = "InvalidRequest", .message = request.error().what});
  const auto refuse = [&](const char* code, const std::string& message) {
    Refuse(thing, stream, encoding, {.token = request->token, .code = code, .message = message});
  };
  const auto info = source_.Describe(thing, stream);
  if (!info) return refuse("InternalError", info.error().what);
  if (!*info) return refuse("ResourceNotFound", "no such stream");
  if (request->version && *request->version != (*info)->version)
    return refuse("VersionMismatch", "the stream's version is " + std::to_string((*info)->version));
  const auto file = std::ranges::find((*info)->files, request->file, &StreamFile::id);
  if (file == (*info)->files.end()) return refuse("ResourceNotFound", "no such file in the stream");
  const int64_t blocks =
      (static_cast<int64_t>(file->bytes) + request->block_bytes - 1) / request->block_bytes;
  if (request->offset >= std::max<int64_t>(blocks, 1))
    return refuse("BlockOffsetOutOfBounds", "the file has " + std::to_string(blocks) + " blocks");
  if (waiting_.size() >= kRequestsMax) return refuse("RequestThrottled", "ask again later");
  std::vector<int64_t> wanted = WantedBlocks(*request, blocks);
  if (wanted.empty()) return;
  waiting_.push_back({.thing = std::string(thing),
                      .stream = std::string(stream),
                      .encoding = encoding,
                      .request = std::move(*request),
                      .blocks = std::move(wanted)});
  Work();
}

bool StreamServer::SendNext(Job& job) {
  const int64_t index = job.blocks[job.next];
  const auto bytes =
      source_.Read(job.thing, job.stream, job.request.file,
                   static_cast<uint64_t>(index) * static_cast<uint64_t>(job.request.block_bytes),
                   static_cast<size_t>(job.request.block_bytes));
  if (!bytes) {
    Refuse(job.thing, job.stream, job.encoding,
           {.token = job.request.token, .code = "InternalError", .message = bytes.error().what});
    job.next = job.blocks.size();
    return true;
  }
  const Block block{.token = job.request.token,
                    .file = job.request.file,
                    .block_bytes = static_cast<int64_t>(bytes->size()),
                    .index = index,
                    .payload = *bytes};
  if (!publish_(Topic(job.thing, job.stream, "data", job.encoding), Write(block, job.encoding)))
    return false;
  ++job.next;
  return true;
}

void StreamServer::Work() {
  while (!waiting_.empty()) {
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    const bool sent = SendNext(job);
    const bool more = job.next < job.blocks.size();
    if (!sent) {
      waiting_.push_front(std::move(job));
      return;
    }
    if (more) waiting_.push_back(std::move(job));
  }
}

}  // namespace millwright::jobs
