#include "truth.h"

#include <cstdio>

#include "core/log.h"

namespace millwright::sim {
namespace {

std::string LineOf(const machines::Plant& plant, const machines::TruthEvent& event) {
  std::string line = "{\"ts\":" + std::to_string(event.ts_ns) +
                     ",\"asset\":" + JsonQuote(plant.machines()[event.machine].config().asset) +
                     ",\"event\":\"" + std::string(machines::Name(event.kind)) + "\"";
  if (event.kind == machines::TruthEvent::Kind::kSensor) {
    const size_t blank = event.what.find(' ');
    line += ",\"channel\":" + JsonQuote(event.what.substr(0, blank)) +
            ",\"mode\":" + JsonQuote(event.what.substr(blank + 1));
  } else {
    line += ",\"fault\":" + JsonQuote(event.what);
  }
  char severity[40];
  std::snprintf(severity, sizeof severity, ",\"severity\":%.6g}", event.severity);
  return line + severity;
}

}  // namespace

void WriteTruth(machines::Plant& plant, JsonLines& truth) {
  for (const machines::TruthEvent& event : plant.TakeTruth()) truth.Write(LineOf(plant, event));
}

}  // namespace millwright::sim
