#include "hub/ingest/decode.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <nlohmann/json.hpp>

#include "core/ids.h"
#include "wire/topics.h"

namespace millwright::hub {
namespace {

constexpr size_t kPayloadBytesMax =
    2 * wire::kBatchBytesMax;  // liberal in what we take: twice what may be sent
constexpr size_t kStatusBytesMax = 16 << 10;
constexpr int64_t kTimeMax = int64_t{1} << 62;  // the year 2116
constexpr int kStepsMax = 20'000;
constexpr int kSignalsMax = 256;
constexpr size_t kTextMax = 1024;
constexpr size_t kFileNameMax = 160;
constexpr std::string_view kFileCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

tl::unexpected<Reject> No(Reject reason) { return tl::unexpected(reason); }

bool IsId(std::string_view text) { return CheckIdText("id", text).has_value(); }
bool IsIdOrEmpty(std::string_view text) { return text.empty() || IsId(text); }
// As an id, but longer: it has an asset's id in it.
bool IsFileName(std::string_view text) {
  return text.size() <= kFileNameMax && text.find_first_not_of(kFileCharacters) == text.npos &&
         !text.empty() && text.front() != '.' && text.front() != '-';
}
bool IsTime(int64_t ts_ns) { return ts_ns >= 0 && ts_ns <= kTimeMax; }

template <typename... Texts>
bool AreShort(const Texts&... texts) {
  return ((texts.size() <= kTextMax) && ...);
}

Decoded<void> CheckAlarm(const wire::Alarm& alarm) {
  if (!IsId(alarm.asset()) || !IsIdOrEmpty(alarm.area()) || alarm.alarm_key().empty())
    return No(Reject::kBadId);
  if (alarm.alarm_key().size() > 128) return No(Reject::kTooLong);
  for (const char c : alarm.alarm_key())  // becomes part of a URL path
    if (c <= ' ' || c > '~' || c == '/' || c == '%' || c == '?' || c == '#')
      return No(Reject::kBadId);
  if (!AreShort(alarm.fault(), alarm.model_hash(), alarm.model_name(), alarm.action(),
                alarm.cause_id()))
    return No(Reject::kTooLong);
  if (!IsTime(alarm.window_from_ns()) || !IsTime(alarm.window_to_ns())) return No(Reject::kBadTime);
  return {};
}

Decoded<void> CheckState(const wire::StateChange& state) {
  if (!IsId(state.asset()) || !IsIdOrEmpty(state.area())) return No(Reject::kBadId);
  if (!AreShort(state.reason())) return No(Reject::kTooLong);
  return {};
}

Decoded<void> CheckGap(const wire::Gap& gap) {
  if (!IsIdOrEmpty(gap.asset()) || !IsIdOrEmpty(gap.channel())) return No(Reject::kBadId);
  if (!AreShort(gap.cause())) return No(Reject::kTooLong);
  if (!IsTime(gap.from_ns()) || !IsTime(gap.to_ns()) || gap.from_ns() > gap.to_ns())
    return No(Reject::kBadTime);
  if (gap.seq_to() == 0) return {};
  if (gap.lane() >= static_cast<uint32_t>(kLanes)) return No(Reject::kBadLane);
  if (gap.seq_from() == 0 || gap.seq_from() > gap.seq_to() || gap.seq_to() > kSequenceMax)
    return No(Reject::kBadSequence);
  return {};
}

Decoded<void> CheckFeatures(const wire::FeatureBatch& batch) {
  if (!IsId(batch.asset()) || !IsIdOrEmpty(batch.area())) return No(Reject::kBadId);
  const int steps = batch.ts_ns_size();
  const int names = batch.signal_names_size();
  if (steps > kStepsMax || names > kSignalsMax) return No(Reject::kTooLong);
  const bool equal = batch.score_size() == steps && batch.level_size() == steps &&
                     batch.state_size() == steps && batch.fault_size() == steps &&
                     batch.signals_size() == steps * names &&
                     (batch.signal_units_size() == names || batch.signal_units_size() == 0);
  if (!equal) return No(Reject::kBadColumns);
  for (const int64_t ts_ns : batch.ts_ns())
    if (!IsTime(ts_ns)) return No(Reject::kBadTime);
  for (const std::string& name : batch.signal_names())
    if (name.empty() || name.size() > 128) return No(Reject::kTooLong);
  for (const std::string& unit : batch.signal_units())
    if (unit.size() > 32) return No(Reject::kTooLong);
  for (const wire::Coverage& coverage : batch.coverage()) {
    if (!IsId(coverage.channel())) return No(Reject::kBadId);
    if (!IsTime(coverage.first_ns()) || !IsTime(coverage.last_ns())) return No(Reject::kBadTime);
  }
  return {};
}

Decoded<void> CheckSpectrum(const wire::Spectrum& spectrum) {
  if (!IsId(spectrum.asset()) || !IsId(spectrum.channel())) return No(Reject::kBadId);
  if (!AreShort(spectrum.unit())) return No(Reject::kTooLong);
  return {};
}

Decoded<void> CheckAssetInfo(const wire::AssetInfo& info) {
  if (!IsId(info.asset()) || !IsIdOrEmpty(info.area())) return No(Reject::kBadId);
  if (!AreShort(info.name(), info.machine_class())) return No(Reject::kTooLong);
  for (const std::string& code : info.classes())
    if (code.size() > 64 || code.find(',') != std::string::npos) return No(Reject::kBadId);
  return {};
}

Decoded<void> CheckBaseline(const wire::Baseline& baseline) {
  // Its name becomes a file's on another gateway.
  if (!IsId(baseline.asset()) || !IsFileName(baseline.file())) return No(Reject::kBadId);
  if (!IsTime(baseline.learned_ns())) return No(Reject::kBadTime);
  return {};
}

Decoded<void> CheckRecommissioned(const wire::Recommissioned& done) {
  if (!IsId(done.asset()) || !IsIdOrEmpty(done.area()) || !IsId(done.service()))
    return No(Reject::kBadId);
  return {};
}

Decoded<void> CheckHealth(const wire::Health& health) {
  if (!AreShort(health.agent_version(), health.model_hash(), health.model_name(),
                health.config_hash(), health.certificate()))
    return No(Reject::kTooLong);
  return {};
}

}  // namespace

std::string_view Name(Reject reason) {
  switch (reason) {
    case Reject::kTooLarge:
      return "too_large";
    case Reject::kMalformed:
      return "malformed";
    case Reject::kVersion:
      return "version";
    case Reject::kWrongDevice:
      return "wrong_device";
    case Reject::kBadId:
      return "bad_id";
    case Reject::kBadLane:
      return "bad_lane";
    case Reject::kBadSequence:
      return "bad_sequence";
    case Reject::kBadTime:
      return "bad_time";
    case Reject::kBadColumns:
      return "bad_columns";
    case Reject::kTooLong:
      return "too_long";
    case Reject::kUnknownTopic:
      return "unknown_topic";
  }
  return "malformed";
}

Decoded<wire::EventBatch> DecodeBatch(std::string_view topic_device,
                                      std::span<const std::byte> payload) {
  if (payload.size() > kPayloadBytesMax) return No(Reject::kTooLarge);
  wire::EventBatch batch;
  if (!batch.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return No(Reject::kMalformed);
  if (batch.wire_version() > wire::kWireVersion) return No(Reject::kVersion);
  if (!IsId(topic_device) || batch.device() != topic_device) return No(Reject::kWrongDevice);
  if (!IsId(batch.site())) return No(Reject::kBadId);
  return batch;
}

Decoded<void> CheckIdentity(const wire::Event& event) {
  if (event.lane() >= static_cast<uint32_t>(kLanes)) return No(Reject::kBadLane);
  if (event.seq() == 0 || event.seq() > kSequenceMax) return No(Reject::kBadSequence);
  return {};
}

Decoded<void> CheckContent(const wire::Event& event) {
  if (!IsTime(event.ts_ns())) return No(Reject::kBadTime);
  switch (event.body_case()) {
    case wire::Event::kAlarm:
      return CheckAlarm(event.alarm());
    case wire::Event::kState:
      return CheckState(event.state());
    case wire::Event::kGap:
      return CheckGap(event.gap());
    case wire::Event::kHealth:
      return CheckHealth(event.health());
    case wire::Event::kFeatures:
      return CheckFeatures(event.features());
    case wire::Event::kSpectrum:
      return CheckSpectrum(event.spectrum());
    case wire::Event::kAssetInfo:
      return CheckAssetInfo(event.asset_info());
    case wire::Event::kBaseline:
      return CheckBaseline(event.baseline());
    case wire::Event::kRecommissioned:
      return CheckRecommissioned(event.recommissioned());
    case wire::Event::BODY_NOT_SET:
      return {};
  }
  return {};
}

std::string_view KindOf(const wire::Event& event) {
  switch (event.body_case()) {
    case wire::Event::kAlarm:
      return "alarm";
    case wire::Event::kState:
      return "state";
    case wire::Event::kGap:
      return "gap";
    case wire::Event::kHealth:
      return "health";
    case wire::Event::kFeatures:
      return "features";
    case wire::Event::kSpectrum:
      return "spectrum";
    case wire::Event::kAssetInfo:
      return "asset_info";
    case wire::Event::kBaseline:
      return "baseline";
    case wire::Event::kRecommissioned:
      return "recommissioned";
    case wire::Event::BODY_NOT_SET:
      return "unknown";
  }
  return "unknown";
}

const std::string& AssetOf(const wire::Event& event) {
  static const std::string kNone;
  switch (event.body_case()) {
    case wire::Event::kAlarm:
      return event.alarm().asset();
    case wire::Event::kState:
      return event.state().asset();
    case wire::Event::kGap:
      return event.gap().asset();
    case wire::Event::kFeatures:
      return event.features().asset();
    case wire::Event::kSpectrum:
      return event.spectrum().asset();
    case wire::Event::kAssetInfo:
      return event.asset_info().asset();
    case wire::Event::kBaseline:
      return event.baseline().asset();
    case wire::Event::kRecommissioned:
      return event.recommissioned().asset();
    case wire::Event::kHealth:
    case wire::Event::BODY_NOT_SET:
      return kNone;
  }
  return kNone;
}

std::string StableBytes(const wire::Event& event) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    event.SerializeWithCachedSizes((static_cast<void>(event.ByteSizeLong()), &coded));
  }
  return out;
}

Decoded<Status> DecodeStatus(std::span<const std::byte> payload) {
  if (payload.size() > kStatusBytesMax) return No(Reject::kTooLarge);
  const auto* text = reinterpret_cast<const char*>(payload.data());
  const nlohmann::json json = nlohmann::json::parse(text, text + payload.size(), nullptr, false);
  if (!json.is_object()) return No(Reject::kMalformed);
  const auto online = json.find("online");
  if (online == json.end() || !online->is_boolean()) return No(Reject::kMalformed);
  Status status;
  status.online = online->get<bool>();
  const auto read = [&](const char* key, std::string& into) {
    const auto found = json.find(key);
    if (found != json.end() && found->is_string()) into = found->get<std::string>();
  };
  read("site", status.site);
  read("version", status.version);
  read("hardware", status.hardware);
  if (!IsIdOrEmpty(status.site)) return No(Reject::kBadId);
  if (status.version.size() > 64 || status.hardware.size() > 128) return No(Reject::kTooLong);
  return status;
}

}  // namespace millwright::hub
