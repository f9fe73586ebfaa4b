// What a judge must say of data that teach nothing, or everything: no skill on the mill, chance on
// shuffled labels, trivial on the gearbox, silence where nothing happens.
#include "evaluation/honesty.h"
#include "evaluation/studies.h"

namespace millwright::evaluation {

Result<Outcome> StudyHonesty(const StudyContext& context) {
  if (context.options.train || context.options.test)
    return Fail(Errc::kInvalid,
                "honesty: looks at four data sets; --data names the folder that holds them");
  Outcome out;
  MW_TRY(JudgeMill(context, out));
  MW_TRY(JudgeGearbox(context, out));
  MW_TRY(JudgeSilence(context, out));
  return out;
}

}  // namespace millwright::evaluation
