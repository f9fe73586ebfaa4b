// The attacks of the TUF specification without a transport; the bodies are in testing/attacks.cpp.
#include "trust/testing/attacks.h"

namespace millwright::trust::testing {

INSTANTIATE_TEST_SUITE_P(Direct, AttackTest, ::testing::Values(Direct()),
                         [](const auto& info) { return info.param.name; });

}  // namespace millwright::trust::testing
