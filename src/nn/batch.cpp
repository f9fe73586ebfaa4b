#include "nn/batch.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/check.h"
#include "nn/aligned_memory.h"
#include "nn/kernel.h"
#include "nn/team.h"

namespace millwright::nn {

struct Batch::Impl {
  std::shared_ptr<const Engine> engine;
  size_t sessions_max = 1;
  std::optional<Team> team;
  std::vector<Buffers> buffers;
  AlignedMemory scratch;
};

Batch::Batch(std::shared_ptr<const Engine> engine, BatchOptions options)
    : impl_(std::make_unique<Impl>()) {
  MW_CHECK(options.sessions_max >= 1 && options.threads >= 1);
  impl_->engine = std::move(engine);
  impl_->sessions_max = static_cast<size_t>(options.sessions_max);
  if (options.threads > 1) impl_->team.emplace(options.threads);
  impl_->buffers.reserve(impl_->sessions_max);
  size_t scratch = 0;
  // Fewer sessions may take more: a kernel then looks at more steps of each at a time.
  for (size_t sessions = 1; sessions <= impl_->sessions_max; ++sessions) {
    for (const auto& kernel : impl_->engine->kernels_)
      scratch = std::max(scratch, kernel->scratch_bytes(sessions));
  }
  impl_->scratch = MakeAligned(scratch);
}

Batch::~Batch() = default;

void Batch::Invoke(std::span<Session* const> sessions) {
  Impl& b = *impl_;
  Team* team = b.team ? &*b.team : nullptr;
  while (!sessions.empty()) {
    const auto now = sessions.first(std::min(sessions.size(), b.sessions_max));
    sessions = sessions.subspan(now.size());
    b.buffers.clear();
    for (Session* session : now) {
      MW_CHECK(session->engine_ == b.engine);
      b.buffers.push_back(session->buffers());
    }
    for (const auto& kernel : b.engine->kernels_) kernel->RunMany(b.buffers, b.scratch.get(), team);
  }
}

const Engine& Batch::engine() const { return *impl_->engine; }

size_t Batch::weight_bytes(size_t sessions) const {
  size_t bytes = 0;
  for (const auto& kernel : impl_->engine->kernels_) bytes += kernel->weight_bytes(sessions);
  return bytes;
}

}  // namespace millwright::nn
