// Small plots as inline SVG, drawn by hand: no library, no script, readable in print.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace millwright::trainer::svg {

using Points = std::vector<std::pair<double, double>>;

struct Line {
  std::string name;
  std::string colour;
  Points points{};
  bool dashed = false;
};

struct Band {  // a stretch of the x axis, e.g. an anomaly
  double from = 0, to = 0;
  std::string colour;
};

struct Plot {
  std::string title, x_label, y_label;
  std::vector<Line> lines{};
  std::vector<Band> bands{};
  double y_min = 0, y_max = 1;  // equal: follows the data
  int width = 460, height = 240;
};

/// The whole <svg> element, with a <title> for screen readers.
[[nodiscard]] std::string Draw(const Plot& plot);

/// A heat map with numbers: cells[row][column] shares of their row, names on both sides.
[[nodiscard]] std::string DrawMatrix(const std::string& title,
                                     const std::vector<std::string>& names,
                                     const std::vector<std::vector<double>>& counts);

}  // namespace millwright::trainer::svg
