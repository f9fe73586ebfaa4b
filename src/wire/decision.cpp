#include "wire/decision.h"

#include "wire/json_text.h"

namespace millwright::wire {
namespace {

// Writes "key":value pairs with commas between.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_.push_back('{'); }
  void Close() { out_.push_back('}'); }

  void Text(std::string_view key, std::string_view value) {
    Key(key);
    AppendText(out_, value);
  }
  void Integer(std::string_view key, int64_t value) {
    Key(key);
    AppendInteger(out_, value);
  }
  template <typename T>
  void Number(std::string_view key, T value) {
    Key(key);
    AppendNumber(out_, value);
  }
  void Boolean(std::string_view key, bool value) {
    Key(key);
    out_.append(value ? "true" : "false");
  }
  void Key(std::string_view key) {
    if (!first_) out_.push_back(',');
    first_ = false;
    AppendText(out_, key);
    out_.push_back(':');
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace

void EncodeDecision(const Decision& d, std::string& out) {
  out.clear();
  ObjectWriter object(out);
  object.Integer("ts", d.ts);
  object.Integer("seq", static_cast<int64_t>(d.seq));
  object.Text("asset", d.asset);
  object.Integer("valid_until", d.valid_until);
  object.Text("state", d.state);
  object.Text("level", d.level);
  object.Text("fault", d.fault);
  object.Text("fault_name", d.fault_name);
  object.Number("score", d.score);
  object.Number("probability", d.probability);
  object.Key("probabilities");
  out.push_back('[');
  for (size_t i = 0; i < d.probabilities.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendNumber(out, d.probabilities[i]);
  }
  out.push_back(']');
  object.Text("quality", d.quality);
  if (!d.reason.empty()) object.Text("reason", d.reason);
  if (d.learning_left_s >= 0) object.Number("learning_left_s", d.learning_left_s);
  object.Text("model", d.model);
  object.Text("model_hash", d.model_hash);
  object.Integer("step_end", d.step_end);
  object.Integer("sensor_ts", d.sensor_ts);
  object.Number("decision_ms", d.decision_ms);
  object.Boolean("heartbeat", d.heartbeat);
  object.Key("signals");
  ObjectWriter signals(out);
  for (const NamedSignal& signal : d.signals) signals.Number(signal.name, signal.value);
  signals.Close();
  object.Close();
}

}  // namespace millwright::wire
