// What a training run tells: a flat JSON object, and one self-contained page with plots drawn by
// hand.
#pragma once

#include <string>

#include "trainer/train.h"

namespace millwright::trainer {

/// One flat JSON object on one line: figures, lists, "ok", "not_measured".
[[nodiscard]] std::string ReportJson(const Trained& trained);

/// HTML with inline SVG and CSS, no script, nothing fetched.
[[nodiscard]] std::string ReportHtml(const Trained& trained);

}  // namespace millwright::trainer
