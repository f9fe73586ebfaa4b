#include "evaluation/outcome.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace millwright::evaluation {
namespace {

TEST(Outcome, SeedsGiveMeanAndRange) {
  Outcome o;
  o.SetSeeds("x_f1", std::vector<double>{0.8, 0.9, 1.0});
  EXPECT_DOUBLE_EQ(o.Number("x_f1"), 0.9);
  EXPECT_DOUBLE_EQ(o.Number("x_f1_min"), 0.8);
  EXPECT_DOUBLE_EQ(o.Number("x_f1_max"), 1.0);
}

TEST(Outcome, ABrokenBarIsNamedAndNotOk) {
  Outcome o;
  o.Set("x_far", 0.2);
  o.AtMost("x_far", 0.3);
  EXPECT_TRUE(o.ok());
  o.AtMost("x_far", 0.1);
  o.AtLeast("x_absent", 0.5);
  EXPECT_EQ(o.broken(), (std::vector<std::string>{"x_far <= 0.1", "x_absent >= 0.5"}));
}

TEST(Outcome, WhatIsNotANumberIsNotMeasured) {
  Outcome o;
  o.Set("x_a", std::nan(""));
  o.Set("x_list", std::vector<double>{1, 2});
  o.Set("x_best_baseline", "LDA");
  o.AtLeast("x_a", 0);
  const auto json = nlohmann::json::parse(o.Json());
  EXPECT_FALSE(json.contains("x_a"));
  EXPECT_EQ(json["not_measured"][0], "x_a");
  EXPECT_EQ(json["x_list"][1], 2.0);
  EXPECT_EQ(json["ok"], false);
}

TEST(Predictions, CommasInNamesAreQuoted) {
  const Prediction p{
      .place = {"run \"1\", wet", 0, 2.5}, .truth = "outer", .guess = "inner", .probability = 0.75};
  EXPECT_EQ(PredictionsCsv(std::span(&p, 1)),
            "recording,start_s,end_s,truth,class,probability\n"
            "\"run \"\"1\"\", wet\",0.000000,2.500000,outer,inner,0.75\n");
}

}  // namespace
}  // namespace millwright::evaluation
