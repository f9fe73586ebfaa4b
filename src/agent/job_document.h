// The document of a delivery job: docs/formats/delivery.md. What it says is a wish; what may be
// installed is for the signed metadata to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "model/any_bundle.h"
#include "slots/state.h"
#include "slots/trial.h"

namespace millwright::agent {

struct JobDocument {
  enum class Operation : uint8_t { kInstall, kUndo };
  Operation operation = Operation::kInstall;
  model::BundleKind kind = model::BundleKind::kModel;  // which slots it is about
  std::string target;                                  // its path in the signed metadata
  slots::BundleRef bundle;  // digest, name and version; length and hash of the pack are signed
  std::string metadata_stream, pack_stream;
  int64_t pack_file = 0;
  std::optional<int64_t> windows_min;  // of a trial; a gateway asks for no less than it would
  std::optional<Nanos> time_min;
  std::string reason;  // of an undo, in words
};

/// kInvalid names the member that is wrong; kUnsupported: another operation or format.
[[nodiscard]] Result<JobDocument> ReadJobDocument(std::string_view text);

/// The gateway's own trial, made longer where the job asks for it.
[[nodiscard]] slots::TrialOptions TrialOf(const JobDocument& document, slots::TrialOptions own);

}  // namespace millwright::agent
