#include "hub/api/rollout_view.h"

#include <algorithm>

#include "hub/api/words.h"
#include "hub/rollout/gates.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;

constexpr int64_t kLogMax = 200;
constexpr Nanos kFarAway = 9'000'000'000 * kSecond;  // in 2255: windows that never open

void WriteCounts(JsonWriter& json, const RolloutCounts& counts) {
  json.Field("devices", counts.devices).Field("waves", counts.waves).Key("counts").BeginObject();
  for (size_t i = 0; i < kMemberStates; ++i)
    json.Field(Name(static_cast<MemberState>(i)), counts.by_state[i]);
  json.EndObject();
}

void WriteFields(JsonWriter& json, const Rollout& r) {
  json.Field("id", r.id).Field("target", r.release.target).Field("line", r.release.line);
  json.Field("release", r.release.release).Field("name", r.release.name);
  json.Field("version", r.release.version).Field("digest", r.release.digest);
  json.Field("state", Name(r.state)).Field("wave", r.wave);
  json.Field("wave_since_ms", Milliseconds(r.wave_since)).Field("reason", r.reason);
  json.Field("created_ms", Milliseconds(r.created)).Key("ended_ms");
  if (r.ended == 0)
    json.Null();
  else
    json.Integer(Milliseconds(r.ended));
  json.Field("created_by", r.created_by).Key("cohort").Raw(WriteCohort(r.cohort));
}

void WriteDetail(JsonWriter& json, const ReleaseDetail& detail) {
  const model::Manifest::Lineage& from = detail.lineage;
  json.Field("created_ms", Milliseconds(detail.created)).Field("model_bytes", detail.model_bytes);
  json.Field("steps", int64_t{detail.steps}).Field("features", int64_t{detail.features});
  json.Key("classes").BeginArray();
  for (const std::string& code : detail.classes) json.String(code);
  json.EndArray().Key("lineage").BeginObject();
  json.Field("data_hash", from.data_hash).Field("code_version", from.code_version);
  json.Field("parent", from.parent).Field("trainer", from.trainer).Field("seed", from.seed);
  json.EndObject().Key("figures").BeginObject();
  for (const auto& [key, value] : detail.figures) json.Field(key, value);
  json.EndObject();
}

bool IsHeard(const RolloutDevice& d, const Freshness& freshness, Nanos now) {
  return d.online && now - d.last_seen <= freshness.link_max();
}

MemberState StateOf(const RolloutDevice& d, const Freshness& freshness, Nanos now) {
  return hub::StateOf({.status = d.status,
                       .phase = d.phase,
                       .undo_status = d.undo_status,
                       .heard = IsHeard(d, freshness, now)});
}

RolloutCounts CountsOf(const RolloutView& view, const Freshness& freshness, Nanos now) {
  RolloutCounts counts;
  for (const RolloutDevice& d : view.devices) {
    ++counts.devices;
    counts.waves = std::max(counts.waves, d.wave + 1);
    ++counts.by_state[static_cast<size_t>(StateOf(d, freshness, now))];
  }
  return counts;
}

void WriteMember(JsonWriter& json, const RolloutDevice& d, const Freshness& freshness, Nanos now) {
  json.BeginObject().Field("device", d.device).Field("site", d.site).Field("wave", d.wave);
  json.Field("state", Name(StateOf(d, freshness, now))).Field("status", d.status);
  json.Field("phase", d.phase).Field("progress", d.progress).Field("reason", d.reason);
  json.Field("serving", d.serving).Field("updated_ms", Milliseconds(d.updated));
  json.Field("online", IsHeard(d, freshness, now)).Field("undo_status", d.undo_status);
  json.Key("offered_from_ms");
  if (d.offered_from == 0)
    json.Null();
  else
    json.Integer(Milliseconds(std::min(d.offered_from, kFarAway)));
  json.EndObject();
}

void WriteGates(JsonWriter& json, const RolloutView& view, Nanos now) {
  json.Key("gates").BeginArray();
  const Progress progress = ProgressOf(view.rollout, view.devices, now);
  for (const Gate& gate : GatesOf(view.rollout, progress))
    json.BeginObject()
        .Field("name", gate.name)
        .Field("now", gate.now)
        .Field("limit", gate.limit)
        .Field("result", Name(gate.result))
        .Field("if_fails", gate.if_fails)
        .EndObject();
  json.EndArray();
}

Result<void> WriteLog(JsonWriter& json, store::Database& database, const std::string& id) {
  MW_TRY(const auto lines, LoadRolloutLog(database, id, kLogMax));
  json.Key("log").BeginArray();
  for (const RolloutLogLine& line : lines)
    json.BeginObject()
        .Field("at_ms", Milliseconds(line.at))
        .Field("who", line.who)
        .Field("what", line.what)
        .Field("detail", line.detail)
        .EndObject();
  json.EndArray();
  return {};
}

}  // namespace

Result<void> WriteRollout(JsonWriter& json, store::Database& database, const Freshness& freshness,
                          Nanos now, const Rollout& rollout) {
  MW_TRY(const RolloutCounts counts,
         CountMembers(database, rollout.id, now - freshness.link_max()));
  json.BeginObject();
  WriteFields(json, rollout);
  WriteCounts(json, counts);
  json.EndObject();
  return {};
}

Result<void> WriteRolloutDetail(JsonWriter& json, store::Database& database,
                                const Freshness& freshness, Nanos now, const RolloutView& view) {
  json.BeginObject().Field("now_ms", Milliseconds(now));
  WriteFields(json, view.rollout);
  WriteCounts(json, CountsOf(view, freshness, now));
  json.Field("approved_by", view.rollout.approved_by);
  json.Key("policy").Raw(WritePolicy(view.rollout.policy));
  WriteGates(json, view, now);
  json.Key("members").BeginArray();
  for (const RolloutDevice& d : view.devices) WriteMember(json, d, freshness, now);
  json.EndArray();
  MW_TRY(WriteLog(json, database, view.rollout.id));
  json.EndObject();
  return {};
}

void WriteTrial(JsonWriter& json, const DeviceTrial& trial) {
  json.BeginObject().Field("device", trial.device).Key("points").BeginArray();
  for (const TrialPoint& point : trial.points) {
    json.BeginObject().Field("phase", point.phase).Field("windows", point.windows);
    json.Field("at_ms", Milliseconds(point.at));
    json.Field("confidence_change", point.confidence_change);
    json.Field("log10_e", point.log10_e).Field("log10_limit", point.log10_limit).EndObject();
  }
  json.EndArray().EndObject();
}

void WriteRelease(JsonWriter& json, const ReleaseInfo& release) {
  json.BeginObject().Field("target", release.target).Field("kind", model::Name(release.kind));
  json.Field("name", release.name);
  json.Field("version", release.version).Field("digest", release.digest);
  json.Field("line", release.line).Field("release", release.release);
  json.Field("pack_bytes", release.pack_bytes);
  json.Field("model_hash", release.model_sha256);
  WriteDetail(json, release.detail);
  json.EndObject();
}

}  // namespace millwright::hub
