#include "nn/tflite_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace millwright::nn {
namespace {

using ::testing::HasSubstr;

constexpr std::array<uint8_t, 5> kModel = {'F', 'A', 'K', 'E', 3};

std::vector<int8_t> Sum(TfliteSession& session, const std::vector<int8_t>& in) {
  std::vector<int8_t> out(session.output_bytes());
  EXPECT_TRUE(session.Run(std::as_bytes(std::span(in)), std::as_writable_bytes(std::span(out))));
  return out;
}

// With the experimental reset function, and without it.
class TfliteLibraryTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TfliteLibraryTest, RunsAModelAndKeepsItsState) {
  const auto library = TfliteLibrary::Open(GetParam());
  ASSERT_TRUE(library) << library.error().what;
  EXPECT_EQ((*library)->version(), "0.0-fake");
  const auto session = (*library)->Load(std::as_bytes(std::span(kModel)), {.threads = 2});
  ASSERT_TRUE(session) << session.error().what;
  EXPECT_EQ((*session)->input_bytes(), 3U);
  EXPECT_EQ(Sum(**session, {1, 2, 3}), (std::vector<int8_t>{1, 2, 3}));
  EXPECT_EQ(Sum(**session, {1, 1, 1}), (std::vector<int8_t>{2, 3, 4}));
  ASSERT_TRUE((*session)->ResetState());
  EXPECT_EQ(Sum(**session, {5, 0, 0}), (std::vector<int8_t>{5, 0, 0}));
}

TEST_P(TfliteLibraryTest, SessionsOutliveTheLibraryObject) {
  auto library = TfliteLibrary::Open(GetParam());
  ASSERT_TRUE(library);
  auto session = (*library)->Load(std::as_bytes(std::span(kModel)));
  ASSERT_TRUE(session);
  library->reset();
  EXPECT_EQ(Sum(**session, {1, 2, 3}), (std::vector<int8_t>{1, 2, 3}));
}

TEST_P(TfliteLibraryTest, FailuresAreErrors) {
  const auto library = TfliteLibrary::Open(GetParam());
  ASSERT_TRUE(library);
  const std::string text = "not a model";
  const auto refused = (*library)->Load(std::as_bytes(std::span(text)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kInvalid);
  const auto session = (*library)->Load(std::as_bytes(std::span(kModel)));
  ASSERT_TRUE(session);
  std::array<std::byte, 3> record{};
  EXPECT_FALSE((*session)->Run(std::span(record).first(2), record));
  record[1] = std::byte{0x80};
  const auto failed = (*session)->Run(record, record);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::kIo);
}

INSTANTIATE_TEST_SUITE_P(Fakes, TfliteLibraryTest,
                         ::testing::Values(MW_FAKE_TFLITE, MW_FAKE_TFLITE_RESETS));

TEST(TfliteLibrary, AMissingLibraryIsNotFound) {
  const auto library = TfliteLibrary::Open("/nowhere/libtensorflowlite_c.so");
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().code, Errc::kNotFound);
  EXPECT_THAT(library.error().what, HasSubstr("/nowhere/libtensorflowlite_c.so"));
}

TEST(TfliteLibrary, AnotherLibraryIsNamedAsSuch) {
  const auto library = TfliteLibrary::Open("libm.so.6");
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().code, Errc::kUnsupported);
  EXPECT_THAT(library.error().what, HasSubstr("TfLiteInterpreterInvoke"));
}

}  // namespace
}  // namespace millwright::nn
