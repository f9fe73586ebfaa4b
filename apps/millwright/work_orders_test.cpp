#include "work_orders.h"

#include <gtest/gtest.h>

namespace millwright::cli {
namespace {

WorkOrderMap Map() {
  return {.columns = {{"machine", "Equipment"},
                      {"from", "Start"},
                      {"to", "End"},
                      {"code", "Cause"},
                      {"id", "Order"},
                      {"note", "Text"}},
          .codes = {{"BRG-OR", "outer_race"}, {"INSP", "healthy"}, {"WORK", "neutral"}},
          .machines = {{"10002345", "alder/P-102"}}};
}

constexpr const char* kFile =
    "Order,Equipment,Start,End,Cause,Text\r\n"
    "4711,10002345,2026-11-01T06:00:00Z,2026-11-02T06:00:00Z,BRG-OR,\"bearing, \"\"DE\"\"\r\n"
    "changed\"\r\n"
    "4712,alder/P-2,2026-11-01 06:00:00,2026-11-02 06:00:00,INSP,\r\n"
    "\r\n"
    "4713,alder/P-2,2026-11-01 06:00:00,2026-11-02 06:00:00,???,\r\n"
    "4714,10009999,2026-11-01 06:00:00,2026-11-02 06:00:00,WORK,\r\n"
    "4715,alder/P-2,yesterday,2026-11-02 06:00:00,WORK,\r\n";

TEST(WorkOrdersTest, RowsBecomeLabelsAndWhatIsUnclearIsTold) {
  const auto read = ReadWorkOrders(kFile, ',', Map());
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->orders.size(), 2U);
  const WorkOrder& order = read->orders.front();
  EXPECT_EQ(order.site, "alder");
  EXPECT_EQ(order.asset, "P-102");
  EXPECT_EQ(order.rating, "ANOMALY");
  EXPECT_EQ(order.fault, "outer_race");
  EXPECT_EQ(order.note, "bearing, \"DE\"\r\nchanged");
  EXPECT_EQ(order.to - order.from, 86'400 * kSecond);
  EXPECT_EQ(read->orders.back().rating, "NO_ANOMALY");
  ASSERT_EQ(read->skipped.size(), 3U);
  EXPECT_EQ(read->skipped[0], "row 5: code \"???\" is not mapped");
  EXPECT_NE(read->skipped[1].find("10009999"), std::string::npos);
}

TEST(WorkOrdersTest, TheSameRowHasTheSameActAndAnotherHasNot) {
  const auto read = ReadWorkOrders(kFile, ',', Map());
  const auto again = ReadWorkOrders(kFile, ',', Map());
  EXPECT_EQ(ActIdOf(read->orders[0]), ActIdOf(again->orders[0]));
  EXPECT_NE(ActIdOf(read->orders[0]), ActIdOf(read->orders[1]));
  EXPECT_LE(ActIdOf(read->orders[0]).size(), 64U);
}

TEST(WorkOrdersTest, FaultsOfTheFileAreNamed) {
  WorkOrderMap map = Map();
  map.columns["code"] = "Reason";
  EXPECT_NE(ReadWorkOrders(kFile, ',', map).error().what.find("\"Reason\""), std::string::npos);
  map.columns.erase("code");
  EXPECT_NE(ReadWorkOrders(kFile, ',', map).error().what.find("code"), std::string::npos);
  EXPECT_NE(ParseCsv("a,b\n\"c", ',').error().what.find("line 2"), std::string::npos);
  EXPECT_FALSE(ReadWorkOrders("", ',', Map()));
  EXPECT_FALSE(ReadPairs({"no pair"}, "--code"));
}

}  // namespace
}  // namespace millwright::cli
