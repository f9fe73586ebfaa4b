#include "trainer/torch/lstm_state.h"

#include <torch/serialize.h>
#include <torch/version.h>

#include <sstream>

namespace millwright::trainer {
namespace {

constexpr int64_t kHistoryColumns = 3;

std::string Numbered(const char* name, size_t i) { return name + std::to_string(i); }

at::Generator TorchRandom() { return at::globalContext().defaultGenerator(at::kCPU); }

torch::Tensor HistoryTensor(const std::vector<EpochRecord>& history) {
  const auto rows = static_cast<int64_t>(history.size());
  torch::Tensor out = torch::empty({rows, kHistoryColumns}, torch::kFloat64);
  auto* to = out.data_ptr<double>();
  for (const EpochRecord& e : history)
    for (const double value : {e.train_loss, e.validation_loss, e.validation_accuracy})
      *to++ = value;
  return out;
}

std::vector<EpochRecord> HistoryOf(const torch::Tensor& table) {
  std::vector<EpochRecord> out(static_cast<size_t>(table.size(0)));
  const auto* from = table.data_ptr<double>();
  for (EpochRecord& e : out)
    for (double* value : {&e.train_loss, &e.validation_loss, &e.validation_accuracy})
      *value = *from++;
  return out;
}

torch::Tensor RangeTensor(const std::vector<Range>& ranges) {
  torch::Tensor out = torch::empty({static_cast<int64_t>(ranges.size()), 2});
  auto* to = out.data_ptr<float>();
  for (const Range& r : ranges)
    for (const float value : {r.low, r.high}) *to++ = value;
  return out;
}

torch::Tensor ReadTensor(torch::serialize::InputArchive& archive, const std::string& key) {
  torch::Tensor out;
  archive.read(key, out);
  return out;
}

torch::IValue ReadValue(torch::serialize::InputArchive& archive, const std::string& key) {
  torch::IValue out;
  archive.read(key, out);
  return out;
}

}  // namespace

void Moment::TakeBest() {
  best.clear();
  for (const torch::Tensor& p : net->parameters()) best.push_back(p.detach().clone());
}

LstmNet Moment::BestNet() {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parameters = net->parameters();
  for (size_t i = 0; i < best.size(); ++i) parameters[i].copy_(best[i]);
  return net->Export();
}

std::string Save(const Moment& m) {
  torch::serialize::OutputArchive archive;
  archive.write("torch", torch::IValue(TORCH_VERSION));
  archive.write("epoch", torch::IValue(m.epoch));
  archive.write("best_epoch", torch::IValue(m.learned.best_epoch));
  archive.write("best_loss", torch::IValue(m.best_loss));
  archive.write("history", HistoryTensor(m.learned.history));
  std::ostringstream random;
  random << m.random;
  archive.write("random", torch::IValue(random.str()));
  archive.write("torch_random", TorchRandom().get_state());
  archive.write("hidden", RangeTensor(m.net->hidden()));
  const std::vector<torch::Tensor> parameters = m.net->parameters();
  for (size_t i = 0; i < parameters.size(); ++i)
    archive.write(Numbered("p", i), parameters[i].detach());
  archive.write("best", torch::IValue(static_cast<int64_t>(m.best.size())));
  for (size_t i = 0; i < m.best.size(); ++i) archive.write(Numbered("b", i), m.best[i]);
  torch::serialize::OutputArchive adam(archive.compilation_unit());
  m.adam.save(adam);
  archive.write("adam", adam);
  std::ostringstream out;
  archive.save_to(out);
  return std::move(out).str();
}

void Restore(const std::string& state, Moment& m) {
  torch::NoGradGuard no_grad;
  torch::serialize::InputArchive archive;
  archive.load_from(state.data(), state.size());
  TORCH_CHECK(ReadValue(archive, "torch").toStringRef() == TORCH_VERSION,
              "the state was kept by another version of torch");
  m.epoch = static_cast<int>(ReadValue(archive, "epoch").toInt());
  m.learned.best_epoch = static_cast<int>(ReadValue(archive, "best_epoch").toInt());
  m.best_loss = ReadValue(archive, "best_loss").toDouble();
  m.learned.history = HistoryOf(ReadTensor(archive, "history"));
  std::istringstream(ReadValue(archive, "random").toStringRef()) >> m.random;
  at::Generator torch_random = TorchRandom();
  torch_random.set_state(ReadTensor(archive, "torch_random"));
  const torch::Tensor hidden = ReadTensor(archive, "hidden");
  for (size_t i = 0; i < m.net->hidden().size(); ++i)
    m.net->hidden()[i] = {.low = hidden[static_cast<int64_t>(i)][0].item<float>(),
                          .high = hidden[static_cast<int64_t>(i)][1].item<float>()};
  std::vector<torch::Tensor> parameters = m.net->parameters();
  for (size_t i = 0; i < parameters.size(); ++i)
    parameters[i].copy_(ReadTensor(archive, Numbered("p", i)));
  const auto best = static_cast<size_t>(ReadValue(archive, "best").toInt());
  m.best.clear();
  for (size_t i = 0; i < best; ++i) m.best.push_back(ReadTensor(archive, Numbered("b", i)));
  torch::serialize::InputArchive adam;
  archive.read("adam", adam);
  m.adam.load(adam);
}

}  // namespace millwright::trainer
