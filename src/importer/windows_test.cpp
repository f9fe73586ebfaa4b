#include "importer/windows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace millwright::importer {
namespace {

std::vector<std::byte> Bytes(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

template <typename T>
std::vector<std::byte> Npy(const std::string& header, const std::vector<T>& values) {
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size());
  text += '\0';
  std::vector<std::byte> out = Bytes(text + header);
  const size_t at = out.size();
  out.resize(at + values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(out.data() + at, values.data(), values.size() * sizeof(T));
  return out;
}

TEST(Windows, ReadsArraysOfBothFloats) {
  const auto single =
      ReadWindows(Npy<float>("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1), }\n",
                             {1, 2, 3, 4, 5, 6}),
                  "a.npy");
  ASSERT_TRUE(single) << single.error().what;
  EXPECT_EQ(single->count, 2U);
  EXPECT_EQ(single->steps, 3U);
  EXPECT_EQ(single->window(1)[2], 6);
  const auto twice = ReadWindows(
      Npy<double>("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 2), }\n", {0.5, -2}),
      "a.npy");
  ASSERT_TRUE(twice) << twice.error().what;
  EXPECT_EQ(twice->values, (std::vector<float>{0.5, -2}));
}

TEST(Windows, SaysWhatIsWrongWithAnArray) {
  struct Case {
    const char* name;
    const char* header;
    std::vector<float> values;
    Errc code;
    const char* says;
  };
  const Case cases[] = {
      {"type",
       "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1, 1), }",
       {1},
       Errc::kUnsupported,
       "'<i8'"},
      {"order",
       "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1, 1), }",
       {1},
       Errc::kUnsupported,
       "column order"},
      {"axes",
       "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 1), }",
       {1, 2, 3, 4},
       Errc::kInvalid,
       "2 axes"},
      {"short",
       "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 1), }",
       {1},
       Errc::kInvalid,
       "not what its shape says"},
      {"huge",
       "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999, 99999999), }",
       {1},
       Errc::kExhausted,
       "more than"},
      {"wraps",
       "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905, 1, 1), }",
       {1},
       Errc::kInvalid,
       "not what its shape says"},
      {"empty",
       "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1, 1), }",
       {},
       Errc::kInvalid,
       "no window"},
      {"nan",
       "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 1), }",
       {1, NAN},
       Errc::kInvalid,
       "window 1 holds a value that is not finite"},
  };
  for (const Case& c : cases) {
    const auto got = ReadWindows(Npy<float>(c.header, c.values), "dir/x.npy");
    ASSERT_FALSE(got) << c.name;
    EXPECT_EQ(got.error().code, c.code) << c.name;
    EXPECT_NE(got.error().what.find(c.says), std::string::npos) << c.name << got.error().what;
    EXPECT_NE(got.error().what.find("dir/x.npy"), std::string::npos) << got.error().what;
  }
}

TEST(Windows, ReadsCsvWindowByWindow) {
  const auto got = ReadWindows(
      Bytes("window,temperature,current\na,1,2\na,3,4\r\nb,5,6\n\nb,7, 8e-1\n"), "x.csv");
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->count, 2U);
  EXPECT_EQ(got->steps, 2U);
  EXPECT_EQ(got->features, 2U);
  EXPECT_EQ(got->values, (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 0.8F}));
}

TEST(Windows, NamesTheLineOfACsv) {
  struct Case {
    const char* text;
    const char* says;
  };
  const Case cases[] = {{"time,a\n0,1\n", "first line"},
                        {"window\n0\n", "first line"},
                        {"window,a,b\n0,1,2\n0,1\n", "line 3 has 1 features"},
                        {"window,a\n0,1\n0,2\n1,x\n", "line 4, column 2"},
                        {"window,a\n0,1\n0,2\n1,3\n2,4\n", "line 5: the window before it has 1"},
                        {"window,a\n0,nan\n", "not a finite"},
                        {"window,a\n", "no window"}};
  for (const Case& c : cases) {
    const auto got = ReadWindows(Bytes(c.text), "x.csv");
    ASSERT_FALSE(got) << c.text;
    EXPECT_NE(got.error().what.find(c.says), std::string::npos) << got.error().what;
  }
}

TEST(Windows, RefusesOtherEndings) { EXPECT_FALSE(ReadWindows(Bytes("x"), "x.parquet")); }

TEST(Windows, WritesWhatItReads) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const auto file = WriteNpy(values, 3);
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  EXPECT_NE(text.find("(2, 3)"), std::string_view::npos);
  EXPECT_EQ((file.size() - values.size() * sizeof(float)) % 64, 0U);
}

TEST(Windows, ThinsEvenlyFromFirstToLast) {
  Windows all{5, 1, 1, {0, 1, 2, 3, 4}};
  EXPECT_EQ(Thin(all, 3).values, (std::vector<float>{0, 2, 4}));
  EXPECT_EQ(Thin(all, 1).values, (std::vector<float>{0}));
  EXPECT_EQ(Thin(all, 9).count, 5U);
}

}  // namespace
}  // namespace millwright::importer
