// millwright-train: recordings in, a bundle out; and the judging of decisions against the simple
// baselines.

#include <CLI/CLI.hpp>

#include "commands.h"

int main(int argc, char** argv) {
  CLI::App app{"Trains INT8 LSTM models for Millwright from recordings with labels."};
  app.set_version_flag("--version", MW_VERSION);
  app.footer(
      "Exit status: 0 all bars hold, 1 they do not or the run failed, 2 the command line is "
      "wrong.");
  int exit_code = 0;
  millwright::AddTrain(app, exit_code);
  millwright::AddSplit(app, exit_code);
  millwright::AddScore(app, exit_code);
  millwright::AddEvaluate(app, exit_code);
  millwright::AddCompare(app, exit_code);
  millwright::AddSearch(app, exit_code);
  millwright::AddStudy(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return exit_code;
}
