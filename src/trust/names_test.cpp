#include "trust/names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace millwright::trust {
namespace {

TEST(NamesTest, AQuotedNameIsOneHarmlessSegment) {
  EXPECT_EQ(QuoteName("role-1_a.b~c"), "role-1_a.b~c");
  EXPECT_EQ(QuoteName("../a b?#%\xc3\xbc"), "..%2Fa%20b%3F%23%25%C3%BC");
}

TEST(NamesTest, APathKeepsItsEscapesAndLosesWhatAUrlCannotHold) {
  EXPECT_EQ(QuotePath("a/b.c+d=e,f"), "a/b.c+d=e,f");
  EXPECT_EQ(QuotePath("a b/%20/%zz?x#y"), "a%20b/%20/%25zz%3Fx%23y");
}

TEST(NamesTest, PatternsMatchSegmentBySegment) {
  struct Case {
    std::string_view path, pattern;
    bool matches;
  };
  const Case cases[] = {
      {"a", "*", true},
      {"a/b", "*", false},
      {"a/b", "*/*", true},
      {"a/b", "a/*", true},
      {"a/b/c", "a/*", false},
      {"", "", true},
      {"", "*", true},
      {"a", "", false},
      {"a/", "a/*", true},
      {"abc", "a?c", true},
      {"a/c", "a?c", false},
      {"\xc3\xbc", "?", true},
      {"b", "[abc]", true},
      {"d", "[abc]", false},
      {"d", "[!abc]", true},
      {"5", "[0-9]", true},
      {"-", "[0-]", true},
      {"]", "[]]", true},
      {"[", "[", true},
      {"[x", "[x", true},
      {"aXbXc", "a*b*c", true},
      {"aXbX", "a*b*c", false},
      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*a*a*a*a*a*a*a*c", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(MatchesPattern(c.path, c.pattern), c.matches) << c.path << " against " << c.pattern;
}

RC_GTEST_PROP(NamesProperty, QuotedNamesDifferAndHoldNoSlash, (std::string a, std::string b)) {
  RC_ASSERT((QuoteName(a) == QuoteName(b)) == (a == b));
  RC_ASSERT(UnquoteName(QuoteName(a)) == a);
  RC_ASSERT(QuoteName(a).find_first_of(std::string_view("/\\?#\0", 5)) == std::string::npos);
}

RC_GTEST_PROP(NamesProperty, EveryPathMatchesItself, ()) {
  const auto path = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/._-9")));
  RC_ASSERT(MatchesPattern(path, path));
}

}  // namespace
}  // namespace millwright::trust
