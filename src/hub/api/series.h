// Values over time, in buckets of equal width.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/json_writer.h"
#include "hub/api/context.h"
#include "hub/ingest/minute.h"
#include "wire/event.pb.h"

namespace millwright::hub {

struct SeriesRange {
  Nanos from = 0, to = 0, bucket = kSecond;
  [[nodiscard]] size_t buckets() const {
    return static_cast<size_t>((to - from + bucket - 1) / bucket);
  }
};

/// Splits [from, to) into at most `points` buckets; a long range is drawn from minutes, so its
/// buckets are whole ones.
[[nodiscard]] SeriesRange PlanRange(Nanos from, Nanos to, int64_t points);
/// True where the range is drawn from `feature_minutes` rather than from the batches.
[[nodiscard]] bool FromMinutes(const SeriesRange& range);

/// Collects values into buckets. Bounded by buckets x signals.
class SeriesBuckets {
 public:
  SeriesBuckets(const SeriesRange& range, std::vector<std::string> wanted);

  void Add(const wire::FeatureBatch& batch);
  void Add(int64_t minute_number, const Minute& minute);
  /// "t_ms", "series", "state", "level" into an open object.
  void Write(http::JsonWriter& json) const;

 private:
  struct Column {
    std::string unit;
    std::vector<MinuteSeries> buckets;
  };
  [[nodiscard]] int64_t BucketOf(Nanos ts) const;  // -1: outside
  [[nodiscard]] Column* Find(std::string_view name, std::string_view unit);

  const SeriesRange range_;
  const bool all_;
  std::map<std::string, Column, std::less<>> columns_;
  std::vector<int8_t> state_, level_;  // -1: nothing heard
  std::vector<Nanos> state_at_;        // the newest step that set state_
};

/// /api/v1/machines/{site}/{asset}/series
void AddSeriesRoute(http::Router& router, const ApiContext& context);

}  // namespace millwright::hub
