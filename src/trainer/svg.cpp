#include "trainer/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include "core/text.h"

namespace millwright::trainer::svg {
namespace {

constexpr double kLeft = 62, kRight = 12, kTop = 28, kBottom = 40;

std::string Format(const char* format, double a, double b = 0, double c = 0, double d = 0) {
  char text[256];
  std::snprintf(text, sizeof text, format, a, b, c, d);
  return text;
}

std::string Text(double x, double y, const std::string& text, const char* anchor = "middle",
                 const char* extra = "") {
  return Format("<text x=\"%.1f\" y=\"%.1f\" ", x, y) + "text-anchor=\"" + anchor + "\" " + extra +
         ">" + EscapeMarkup(text) + "</text>";
}

// 0.2, 50, 1.5e4: as few digits as tell the ticks apart.
std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

struct Frame {
  double x0, x1, y0, y1;  // data
  double width, height;   // pixels
  [[nodiscard]] double X(double x) const {
    return kLeft + (x - x0) / (x1 - x0) * (width - kLeft - kRight);
  }
  [[nodiscard]] double Y(double y) const {
    return height - kBottom - (std::clamp(y, y0, y1) - y0) / (y1 - y0) * (height - kTop - kBottom);
  }
};

Frame Fit(const Plot& p) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  double x0 = kInf, x1 = -kInf, y0 = kInf, y1 = -kInf;
  for (const Line& line : p.lines)
    for (const auto& [x, y] : line.points) {
      x0 = std::min(x0, x), x1 = std::max(x1, x);
      y0 = std::min(y0, y), y1 = std::max(y1, y);
    }
  if (!(x1 > x0)) x0 = std::isfinite(x0) ? x0 - 0.5 : 0, x1 = x0 + 1;
  if (p.y_max > p.y_min) y0 = p.y_min, y1 = p.y_max;
  if (!(y1 > y0)) y0 = std::isfinite(y0) ? y0 - 0.5 : 0, y1 = y0 + 1;
  return {x0, x1, y0, y1, static_cast<double>(p.width), static_cast<double>(p.height)};
}

std::string Axes(const Plot& p, const Frame& f) {
  std::string out;
  constexpr int kTicks = 5;
  for (int i = 0; i <= kTicks; ++i) {
    const double share = static_cast<double>(i) / kTicks;
    const double x = f.x0 + share * (f.x1 - f.x0), y = f.y0 + share * (f.y1 - f.y0);
    out += Format("<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", kLeft, f.Y(y), f.width - kRight);
    out += Text(kLeft - 6, f.Y(y) + 4, Number(y), "end");
    out += Text(f.X(x), f.height - kBottom + 15, Number(x));
  }
  out += Text((kLeft + f.width) / 2, f.height - 6, p.x_label);
  out += Text(12, f.height / 2, p.y_label, "middle",
              Format("transform=\"rotate(-90 12 %.1f)\"", f.height / 2).c_str());
  return out + Text(kLeft, 16, p.title, "start", "class=\"head\"");
}

std::string Path(const Line& line, const Frame& f) {
  if (line.points.empty()) return "";
  std::string d;
  for (const auto& [x, y] : line.points)
    d += Format(d.empty() ? "M%.1f %.1f" : "L%.1f %.1f", f.X(x), f.Y(y));
  return "<path class=\"line\" stroke=\"" + line.colour + "\"" +
         (line.dashed ? " stroke-dasharray=\"5 4\"" : "") + " d=\"" + d + "\"/>";
}

std::string Begin(double width, double height, const std::string& title) {
  return Format("<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\">",
                width, height, width, height) +
         "<title>" + EscapeMarkup(title) + "</title>";
}

}  // namespace

std::string Draw(const Plot& p) {
  const Frame f = Fit(p);
  std::string out = Begin(f.width, f.height, p.title);
  for (const Band& band : p.bands)
    out += Format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" ", f.X(band.from),
                  kTop, std::max(1.0, f.X(band.to) - f.X(band.from)), f.height - kTop - kBottom) +
           "fill=\"" + band.colour + "\"/>";
  out += Axes(p, f);
  double x = f.width - kRight;
  for (const Line& line : p.lines) out += Path(line, f);
  for (auto line = p.lines.rbegin(); line != p.lines.rend(); ++line) {
    if (line->name.empty()) continue;
    out += Text(x, 16, line->name, "end", ("style=\"fill:" + line->colour + "\"").c_str());
    x -= 8 + 6.6 * static_cast<double>(line->name.size());
  }
  return out + "</svg>";
}

std::string DrawMatrix(const std::string& title, const std::vector<std::string>& names,
                       const std::vector<std::vector<double>>& counts) {
  constexpr double kCell = 52, kNames = 120;
  const double size = kCell * static_cast<double>(names.size());
  std::string out = Begin(kNames + size + 20, kTop + size + 70, title) +
                    Text(4, 16, title, "start", "class=\"head\"");
  for (size_t r = 0; r < names.size(); ++r) {
    const double y = kTop + kCell * static_cast<double>(r);
    const double total = std::accumulate(counts[r].begin(), counts[r].end(), 0.0);
    out += Text(kNames - 6, y + kCell / 2 + 4, names[r], "end");
    const double below = kNames + kCell * (static_cast<double>(r) + 0.6), foot = kTop + size + 14;
    out += Text(below, foot, names[r], "end",
                Format("transform=\"rotate(-30 %.1f %.1f)\"", below, foot).c_str());
    for (size_t c = 0; c < names.size(); ++c) {
      const double share = total > 0 ? counts[r][c] / total : 0;
      const double x = kNames + kCell * static_cast<double>(c);
      out += Format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" ", x, y, kCell - 1,
                    kCell - 1) +
             Format("fill=\"rgb(%.0f,%.0f,%.0f)\"/>", 245 - 200 * share, 247 - 140 * share,
                    250 - 60 * share);
      if (counts[r][c] > 0)
        out += Text(x + kCell / 2, y + kCell / 2 + 4, Number(share), "middle",
                    share > 0.6 ? "style=\"fill:#fff\"" : "style=\"fill:#333\"");
    }
  }
  return out + "</svg>";
}

}  // namespace millwright::trainer::svg
