// Puts a trained model on disk as a bundle folder (docs/formats/bundle.md), and reads it back
// before it says so.
#pragma once

#include <string>

#include "core/result.h"
#include "os/files.h"
#include "trainer/train.h"

namespace millwright::trainer {

/// Writes model, golden vectors, report.json, report.html and last the manifest, then loads the
/// bundle as an agent would and runs the golden vectors through the engine.
/// `trained.manifest.files` is filled in.
[[nodiscard]] Result<void> WriteBundle(os::Files& files, const std::string& folder,
                                       Trained& trained);

}  // namespace millwright::trainer
