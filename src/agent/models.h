// The gateway's models and configurations at the start of a run: which decide, loaded and proved.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/plan.h"
#include "os/clock.h"
#include "os/disk.h"
#include "slots/slots.h"

namespace millwright::agent {

struct Models {
  std::unique_ptr<slots::Slots> slots;    // of models
  std::unique_ptr<slots::Slots> configs;  // of the fleet's configurations
  Settings base;                          // agent.toml's own
  std::shared_ptr<const Plan> serving;
};

[[nodiscard]] std::string ModelsFolder(const Settings& settings);
[[nodiscard]] std::string ConfigsFolder(const Settings& settings);
/// Written by `millwright slot undo`: the agent takes it up and removes it.
[[nodiscard]] std::string UndoRequestPath(const Settings& settings,
                                          model::BundleKind kind = model::BundleKind::kModel);

/// Opens the slots and counts the start. Where no model is installed the configured bundle becomes
/// the first one. A model or a configuration that does not load any more is taken back where there
/// is another; beneath all configurations lies agent.toml.
[[nodiscard]] Result<Models> OpenModels(const Settings& settings, os::Disk& disk, os::Files& files,
                                        os::Clock& clock, const std::string& boot_id);

/// Makes plans of what the slots name. Borrows all; they outlive it.
class Loader {
 public:
  Loader(const Settings& base, const slots::Slots& models, const slots::Slots& configs,
         os::Files& files)
      : base_(base), models_(models), configs_(configs), files_(files) {}

  using Slot = std::optional<slots::BundleRef>;
  /// No model: agent.toml's own; no configuration: nothing is laid over agent.toml. `running`: its
  /// channels keep their places, and its model is not loaded again where it is the same; may be
  /// null.
  [[nodiscard]] Result<std::shared_ptr<const Plan>> Load(const Slot& model, const Slot& config,
                                                         const Plan* running = nullptr) const;

 private:
  const Settings& base_;
  const slots::Slots& models_;
  const slots::Slots& configs_;
  os::Files& files_;
};

}  // namespace millwright::agent
