// One function a study; each lives in its own study_<name>.cpp. studies.cpp lists them.
#pragma once

#include "core/result.h"
#include "evaluation/outcome.h"

namespace millwright::evaluation {

struct StudyContext;

[[nodiscard]] Result<Outcome> StudyBearing(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyFlowmeter(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyCompression(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyCmapss(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyGas(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyHonesty(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyHydraulic(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyRobot(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudySkab(const StudyContext& context);
[[nodiscard]] Result<Outcome> StudyTep(const StudyContext& context);

}  // namespace millwright::evaluation
