// The gateway's models at the start of a run: which one decides, loaded and proved.
#pragma once

#include <memory>
#include <string>

#include "agent/plan.h"
#include "os/clock.h"
#include "os/disk.h"
#include "slots/slots.h"

namespace millwright::agent {

struct Models {
  std::unique_ptr<slots::Slots> slots;
  std::shared_ptr<const Plan> serving;
};

[[nodiscard]] std::string ModelsFolder(const Settings& settings);
/// Written by `millwright slot undo`: the agent takes it up and removes it.
[[nodiscard]] std::string UndoRequestPath(const Settings& settings);

/// Opens the slots and counts the start. Where no model is installed the configured bundle becomes
/// the first one. A model that does not load any more is taken back where there is another.
[[nodiscard]] Result<Models> OpenModels(const Settings& settings, os::Disk& disk, os::Files& files,
                                        os::Clock& clock, const std::string& boot_id);

/// The plan of an installed bundle.
[[nodiscard]] Result<std::shared_ptr<const Plan>> PlanOf(const Settings& settings,
                                                         const slots::Slots& slots,
                                                         const slots::BundleRef& bundle,
                                                         os::Files& files);

}  // namespace millwright::agent
