#include "model_commands.h"

#include "model_bench.h"
#include "model_import.h"
#include "model_inspect.h"
#include "model_run.h"
#include "model_verify.h"

namespace millwright::cli {

void AddModelCommands(CLI::App& app, Context& context) {
  CLI::App* group = app.add_subcommand(
      "model",
      "Look into a model file, run it, time it, compare it with TensorFlow Lite, import one from "
      "Keras or "
      "PyTorch.\n\nExamples\n"
      "  millwright model inspect model.tflite\n"
      "  millwright model run model.tflite --input in.bin --output out.bin --carry --streams 8\n"
      "  millwright model bench model.tflite --threads 2\n"
      "  millwright model verify model.tflite --python venv/bin/python\n"
      "  millwright model import model.keras --calibrate windows.npy --out model.tflite\n");
  group->group("Models");
  group->require_subcommand(1);
  AddModelInspect(*group, context);
  AddModelRun(*group, context);
  AddModelBench(*group, context);
  AddModelVerify(*group, context);
  AddModelImport(*group, context);
}

}  // namespace millwright::cli
