#include "metrics/registry.h"

#include <gtest/gtest.h>

namespace millwright::metrics {
namespace {

TEST(RegistryTest, WritesCountersGaugesAndHistograms) {
  Registry registry;
  registry.AddCounter("a_total", "Things.", {{"kind", "x"}}).Add(3);
  registry.AddGauge("b", "Level.").Set(0.5);
  Histogram& histogram = registry.AddHistogram("c_seconds", "Time.", {0.1, 1});
  histogram.Observe(0.1);  // a bound belongs to its bucket
  histogram.Observe(0.5);
  histogram.Observe(7);
  EXPECT_EQ(registry.Text(),
            "# HELP a_total Things.\n# TYPE a_total counter\na_total{kind=\"x\"} 3\n"
            "# HELP b Level.\n# TYPE b gauge\nb 0.5\n"
            "# HELP c_seconds Time.\n# TYPE c_seconds histogram\n"
            "c_seconds_bucket{le=\"0.1\"} 1\nc_seconds_bucket{le=\"1\"} 2\n"
            "c_seconds_bucket{le=\"+Inf\"} 3\nc_seconds_sum 7.6\nc_seconds_count 3\n");
}

TEST(RegistryTest, EscapesLabelValues) {
  Registry registry;
  registry.AddCounter("a_total", "Back\\slash\n", {{"k", "a\"b\\c\nd"}}).Add();
  EXPECT_NE(registry.Text().find("a_total{k=\"a\\\"b\\\\c\\nd\"} 1"), std::string::npos);
  EXPECT_NE(registry.Text().find("# HELP a_total Back\\\\slash\\n\n"), std::string::npos);
}

TEST(RegistryTest, SameNameAndLabelsAreTheSameMetric) {
  Registry registry;
  EXPECT_EQ(&registry.AddCounter("a_total", "A."), &registry.AddCounter("a_total", "A."));
  EXPECT_NE(&registry.AddCounter("a_total", "A."),
            &registry.AddCounter("a_total", "A.", {{"k", "v"}}));
}

TEST(RegistryTest, RefreshesGaugesBeforeAScrape) {
  Registry registry;
  registry.BeforeScrape([&] { registry.AddGauge("a", "A.").Set(2); });
  EXPECT_NE(registry.Text().find("a 2\n"), std::string::npos);
}

}  // namespace
}  // namespace millwright::metrics
