// Turns a plan into the documents that AWS takes and the script that hands them over. Pure: no
// disk, no network, the same plan gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "aws/plan.h"
#include "core/result.h"

namespace millwright::aws {

struct TextFile {
  std::string path;  // in the export's folder
  std::string text;
  bool program = false;
};

/// kInvalid or kExhausted names the key and the bound that it breaks.
[[nodiscard]] Result<void> Check(const Plan& plan);

/// All documents and apply.sh. The files to upload belong beside them, at s3/<their key>.
[[nodiscard]] Result<std::vector<TextFile>> MakeExport(const Plan& plan);

/// Where the model component leaves the bundle, for the agent's [model] bundle.
[[nodiscard]] std::string BundlePlace(const ModelComponent& model);
/// Where it leaves a signed release, for the agent's --models-from.
[[nodiscard]] std::string ReleasePlace(const ModelComponent& model);

}  // namespace millwright::aws
