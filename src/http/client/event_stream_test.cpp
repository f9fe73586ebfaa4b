#include "http/client/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace millwright::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::string_view kStream =
    ": hello\r\n"
    "event: alarm\r\ndata: {\"a\":1,\r\ndata:  \"b\":2}\r\n\r\n"
    "id: 7\ndata: plain\n\n"
    "event: nothing\n\n";

TEST(EventStreamTest, GivesTheSameEventsWhereverThePiecesBreak) {
  for (size_t size = 1; size <= kStream.size(); ++size) {
    std::vector<std::pair<std::string, std::string>> seen;
    EventStreamParser parser([&](std::string_view name, std::string_view data) {
      seen.emplace_back(name, data);
      return true;
    });
    for (size_t at = 0; at < kStream.size(); at += size)
      ASSERT_TRUE(parser.Push(kStream.substr(at, size)));
    EXPECT_THAT(seen, ElementsAre(Pair("alarm", "{\"a\":1,\n \"b\":2}"), Pair("message", "plain")))
        << "pieces of " << size;
  }
}

TEST(EventStreamTest, StopsWhenAsked) {
  EventStreamParser parser([](std::string_view, std::string_view) { return false; });
  EXPECT_FALSE(parser.Push("data: x\n\ndata: y\n\n"));
}

TEST(EventStreamTest, GivesUpOnALineWithoutEnd) {
  EventStreamParser parser([](std::string_view, std::string_view) { return true; });
  const std::string piece(256 << 10, 'x');
  bool go_on = true;
  int pieces = 0;
  while (go_on && pieces < 100) {
    go_on = parser.Push(piece);
    ++pieces;
  }
  EXPECT_LE(pieces, 5);
}

}  // namespace
}  // namespace millwright::http
