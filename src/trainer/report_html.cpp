#include "trainer/report.h"

namespace millwright::trainer {
std::string ReportHtml(const Trained& t) { return "<!doctype html><title>" + t.manifest.name + "</title>\n"; }
}  // namespace millwright::trainer
