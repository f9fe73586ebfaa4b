#include "model_import.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "importer/import.h"
#include "model_io.h"
#include "output.h"

namespace millwright::cli {
namespace {

constexpr size_t kFileBytesMax = size_t{512} << 20;

struct ImportArguments {
  std::string file, data, out, float_outputs, int8_outputs;
  std::string task = "auto", normalization = "fold";
  importer::ImportOptions options;
};

Result<importer::Imported> Convert(const ImportArguments& arguments) {
  os::RealFiles files;
  MW_TRY(const os::Bytes data, files.Read(arguments.data, kFileBytesMax));
  MW_TRY(const importer::Windows windows, importer::ReadWindows(data, arguments.data));
  MW_TRY(const os::Bytes model, files.Read(arguments.file, kFileBytesMax));
  importer::ImportOptions options = arguments.options;
  options.fold_normalization = arguments.normalization == "fold";
  if (arguments.task == "classifier") options.task = importer::Task::kClassifier;
  if (arguments.task == "regression") options.task = importer::Task::kRegression;
  MW_TRY(importer::Imported done, importer::Import(model, arguments.file, windows, options));
  MW_TRY(files.WriteDurably(arguments.out, done.tflite));
  if (!arguments.float_outputs.empty()) {
    MW_TRY(files.WriteFast(arguments.float_outputs,
                           importer::WriteNpy(done.float_outputs, done.outputs)));
  }
  if (!arguments.int8_outputs.empty()) {
    MW_TRY(files.WriteFast(arguments.int8_outputs,
                           importer::WriteNpy(done.int8_outputs, done.outputs)));
  }
  return done;
}

std::vector<double> ToDoubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

void PrintJson(const ImportArguments& arguments, const importer::Imported& done) {
  FlatJson json;
  json.Set("file", arguments.file).Set("out", arguments.out);
  json.Count("bytes", done.tflite.size()).Set("layers", done.layers).Set("notes", done.notes);
  json.Count("outputs", done.outputs);
  json.Count("windows", done.agreement.windows).Count("agreed", done.agreement.agreed);
  json.Set("agreement", done.agreement.share());
  json.Set("error_mean", done.agreement.error_mean).Set("error_max", done.agreement.error_max);
  if (done.standardise) {
    json.Set("input_gain", ToDoubles(done.standardise->gain));
    json.Set("input_offset", ToDoubles(done.standardise->offset));
  }
  json.Set("ok", true).Print();
}

void PrintText(const ImportArguments& arguments, const importer::Imported& done) {
  for (const std::string& layer : done.layers) std::printf("  %s\n", layer.c_str());
  for (const std::string& note : done.notes) std::printf("note: %s\n", note.c_str());
  if (done.standardise) {
    std::puts("the model takes normalized values, input * gain + offset, feature by feature:");
    for (size_t f = 0; f < done.standardise->gain.size(); ++f)
      std::printf("  %zu: gain %.9g, offset %.9g\n", f,
                  static_cast<double>(done.standardise->gain[f]),
                  static_cast<double>(done.standardise->offset[f]));
  }
  const importer::Agreement& a = done.agreement;
  std::printf(
      "%s: %zu bytes; INT8 %s the float model in %zu of %zu windows (%.2f %%), outputs "
      "differ by %.4g in the mean, %.4g at most\n",
      arguments.out.c_str(), done.tflite.size(),
      done.decision == importer::Decision::kValue ? "is near" : "decides like", a.agreed, a.windows,
      100 * a.share(), a.error_mean, a.error_max);
}

void RunImport(const ImportArguments& arguments, Context& context) {
  const Result<importer::Imported> done = Convert(arguments);
  if (!done) return FailWith(context, done.error());
  if (context.json) return PrintJson(arguments, *done);
  PrintText(arguments, *done);
}

}  // namespace

void AddModelImport(CLI::App& group, Context& context) {
  const auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command = group.add_subcommand(
      "import",
      "Turn a float LSTM of Keras (.keras) or PyTorch (.onnx) into a full-INT8 .tflite file.\n\n"
      "DATA are windows as the model sees them in use; INT8 is calibrated on them and compared "
      "with the float\nmodel: a NumPy array, numpy.save(\"windows.npy\", x), x float32 or float64 "
      "[windows, steps, features];\nor CSV: a line \"window,FEATURE,...\", then one line per step; "
      "lines with the same first value make a window.\n");
  command->add_option("FILE", arguments->file, "The float model")->required();
  command->add_option("--calibrate", arguments->data, "Windows, .npy or .csv")->required();
  command->add_option("--out", arguments->out, "The .tflite file to write")->required();
  command->add_option("--task", arguments->task, "What the outputs are (default: by their shape)")
      ->check(CLI::IsMember({"auto", "classifier", "regression"}));
  command
      ->add_option("--normalization", arguments->normalization,
                   "A Normalization at the model's front: 'fold' it into the weights (default), "
                   "or leave it 'outside', for whoever feeds the model; its numbers are printed")
      ->check(CLI::IsMember({"fold", "outside"}));
  command
      ->add_option("--windows-max", arguments->options.windows_max,
                   "Windows to use; more are thinned out evenly")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command
      ->add_option("--agreement-min", arguments->options.agreement_min,
                   "Share of windows that must decide alike; below it nothing is written")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option(
      "--float-outputs", arguments->float_outputs,
      "Write the float model's outputs here (.npy), to compare with the original's");
  command->add_option("--int8-outputs", arguments->int8_outputs, "The same of the INT8 model");
  command->callback([arguments, &context] { RunImport(*arguments, context); });
}

}  // namespace millwright::cli
