#include "columns.h"

#include <gtest/gtest.h>

namespace millwright::cli {
namespace {

using nlohmann::json;

TextTable::Cell ShowAge(const json& row, const json& answer) {
  return {Age(answer["now_ms"].get<int64_t>(), row["seen_ms"].get<int64_t>())};
}

constexpr Column kColumns[] = {{"name", ColumnKind::kText, "NAME"},
                               {"seen_ms", ColumnKind::kInteger, "SEEN", ShowAge},
                               {"share", ColumnKind::kNumber},
                               {"online", ColumnKind::kFlag},
                               {"assets", ColumnKind::kLength, "HAS"}};

const std::vector<json> kRows = {
    {{"name", "a"}, {"seen_ms", 5000}, {"share", 0.5}, {"online", true}, {"assets", {"x", "y"}}},
    {{"name", 7}, {"seen_ms", 1}, {"share", nullptr}, {"online", "yes"}, {"assets", 3}}};

TEST(ColumnsTest, JsonHasOneArrayAColumnWhateverTheHubSent) {
  FlatJson out;
  AddColumns(out, kRows, kColumns);
  const json parsed = json::parse(out.Text());
  EXPECT_EQ(parsed["name"], json({"a", "7"}));
  EXPECT_EQ(parsed["seen_ms"], json({5000, 1}));
  EXPECT_EQ(parsed["share"], json({0.5, 0}));
  EXPECT_EQ(parsed["online"], json({true, false}));
  EXPECT_EQ(parsed["assets"], json({2, 3}));
}

TEST(ColumnsTest, TheTableHasTheColumnsWithATitle) {
  const TextTable table = TableOf({{"now_ms", 9000}}, kRows, kColumns);
  EXPECT_EQ(table.Text(false), "NAME  SEEN  HAS\na     4 s   2\n7     8 s   3\n");
}

TEST(ColumnsTest, AnEmptyListHasItsKeysToo) {
  FlatJson out;
  AddColumns(out, {}, kColumns);
  EXPECT_EQ(json::parse(out.Text())["assets"], json::array());
}

}  // namespace
}  // namespace millwright::cli
