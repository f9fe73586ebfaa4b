#include "trainer/fault_codes.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace millwright::trainer {
namespace {

struct Known {
  std::string_view code, name, action;
};

// The order of the table is the order of a model's classes.
constexpr std::array kKnown = {
    Known{"healthy", "Healthy", ""},
    Known{"outer_race", "Outer race",
          "Plan a bearing change; check lubrication and shaft alignment."},
    Known{"inner_race", "Inner race", "Plan a bearing change; check the fit on the shaft."},
    Known{"ball", "Rolling element", "Plan a bearing change; check the lubricant for particles."},
    Known{"cage", "Cage", "Change the bearing soon: a broken cage fails without further warning."},
    Known{"unbalance", "Unbalance", "Clean the rotor and balance it at the next stop."},
    Known{"misalignment", "Misalignment",
          "Check coupling and alignment; look for soft foot and pipe strain."},
    Known{"looseness", "Looseness", "Tighten foundation and bearing housing bolts."},
    Known{"cavitation", "Cavitation", "Check suction pressure, strainer and inlet valve."},
    Known{"overheating", "Overheating",
          "Check cooling, lubrication and load before the next shift."},
    Known{"anomaly", "Anomaly",
          "Inspect the machine: it does not behave as it did when it was commissioned."},
};

std::string Prettify(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace

model::FaultClass DescribeFault(const std::string& code, std::span<const model::FaultClass> own) {
  model::FaultClass out{
      .code = code, .name = Prettify(code), .healthy = code == kHealthyCode, .action = ""};
  if (const auto it = std::ranges::find(kKnown, code, &Known::code); it != kKnown.end()) {
    out.name = it->name;
    out.action = it->action;
  } else {
    out.action = "Inspect the machine for: " + out.name + ".";
  }
  if (const auto it = std::ranges::find(own, code, &model::FaultClass::code); it != own.end()) {
    if (!it->name.empty()) out.name = it->name;
    if (!it->action.empty()) out.action = it->action;
  }
  return out;
}

}  // namespace millwright::trainer
