#include "trainer/train.h"

namespace millwright::trainer {

Result<void> CheckParity(const Parity& parity) {
  if (parity.ok()) return {};
  return Fail(
      Errc::kInvalid,
      "trainer: INT8 and float disagree: same class on " + std::to_string(parity.agreement * 100) +
          " % of the windows, macro F1 " + std::to_string(parity.macro_f1_int8) + " against " +
          std::to_string(parity.macro_f1_float) + "; more weight decay or fewer units help");
}

}  // namespace millwright::trainer
