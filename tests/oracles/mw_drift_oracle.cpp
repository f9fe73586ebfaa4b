// The drift room's side of the comparison with river, scipy and statsmodels. Each line of standard
// input is a question, each line of standard output its answer; floats are told with 17 digits.
//
//   adwin DELTA V...             indices of all alarms
//   page_hinkley DELTA LIMIT V...  indices of all alarms
//   ks N A... B...               statistic and p-value
//   wilson RIGHT TRIALS          low and high, 95 %
//   clopper_pearson RIGHT TRIALS low and high, 95 %
//   chi2 X DEGREES               tail
//   beta X A B                   distribution function
#include <cstdio>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "drift/accuracy.h"
#include "drift/adwin.h"
#include "drift/distributions.h"
#include "drift/page_hinkley.h"
#include "drift/samples_differ.h"

namespace millwright::drift {
namespace {

using Values = std::vector<double>;

template <typename Detector>
void Alarms(Detector detector, const Values& v, size_t first) {
  for (size_t i = first; i < v.size(); ++i)
    if (detector.Push(v[i])) std::printf("%zu ", i - first);
}

void Two(double a, double b) { std::printf("%.17g %.17g", a, b); }

void Ks(const Values& v) {
  const auto n = static_cast<size_t>(v.at(0));
  std::vector<float> a, b;
  for (size_t i = 1; i < v.size(); ++i) (i <= n ? a : b).push_back(static_cast<float>(v[i]));
  const KsResult ks = KolmogorovSmirnov(a, b);
  Two(ks.statistic, ks.p_value);
}

bool Answer(const std::string& what, const Values& v) {
  if (what == "adwin")
    Alarms(Adwin({.delta = v.at(0)}), v, 1);
  else if (what == "page_hinkley")
    Alarms(PageHinkley({.delta = v.at(0), .threshold = v.at(1)}), v, 2);
  else if (what == "ks")
    Ks(v);
  else if (what == "wilson")
    Two(Wilson(v.at(0), v.at(1)).low, Wilson(v.at(0), v.at(1)).high);
  else if (what == "clopper_pearson")
    Two(ClopperPearson(v.at(0), v.at(1)).low, ClopperPearson(v.at(0), v.at(1)).high);
  else if (what == "chi2")
    std::printf("%.17g", ChiSquareTail(v.at(0), v.at(1)));
  else if (what == "beta")
    std::printf("%.17g", BetaCdf(v.at(0), v.at(1), v.at(2)));
  else
    return false;
  std::printf("\n");
  return true;
}

}  // namespace
}  // namespace millwright::drift

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string what;
    in >> what;
    const std::vector<double> values{std::istream_iterator<double>(in), {}};
    if (!millwright::drift::Answer(what, values)) {
      std::fprintf(stderr, "mw-drift-oracle: what is '%s'?\n", what.c_str());
      return 1;
    }
  }
  return 0;
}
