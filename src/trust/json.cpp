#include "trust/json.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace millwright::trust {
namespace {

template <typename Object>
auto Position(Object& object, std::string_view key) {
  return std::lower_bound(object.begin(), object.end(), key,
                          [](const Json::Member& m, std::string_view k) { return m.key < k; });
}

void AppendCanonicalText(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void AppendPrettyText(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

// Writes the document in one of the two forms.
class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  void Append(const Json& json) {
    if (const bool* truth = json.AsBool()) {
      out_ += *truth ? "true" : "false";
    } else if (const int64_t* number = json.AsInteger()) {
      out_ += std::to_string(*number);
    } else if (const std::string* text = json.AsText()) {
      AppendText(*text);
    } else if (const Json::List* list = json.AsList()) {
      AppendAll(*list, '[', ']', [&](const Json& item) { Append(item); });
    } else if (const Json::Object* object = json.AsObject()) {
      AppendAll(*object, '{', '}', [&](const Json::Member& member) {
        AppendText(member.key);
        out_ += pretty_ ? ": " : ":";
        Append(member.value);
      });
    } else {
      out_ += "null";
    }
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  void AppendText(std::string_view text) {
    pretty_ ? AppendPrettyText(text, out_) : AppendCanonicalText(text, out_);
  }
  template <typename Items, typename AppendOne>
  void AppendAll(const Items& items, char open, char close, AppendOne append) {
    out_ += open;
    ++depth_;
    for (size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out_ += ',';
      NewLine();
      append(items[i]);
    }
    --depth_;
    if (!items.empty()) NewLine();
    out_ += close;
  }
  void NewLine() {
    if (pretty_) out_.append(1, '\n').append(depth_, ' ');
  }

  bool pretty_;
  size_t depth_ = 0;
  std::string out_;
};

}  // namespace

Json Json::EmptyObject() {
  Json json;
  json.value_ = Object{};
  return json;
}

const Json* Json::Find(std::string_view key) const {
  const Object* object = AsObject();
  if (object == nullptr) return nullptr;
  const auto at = Position(*object, key);
  return at != object->end() && at->key == key ? &at->value : nullptr;
}

Json* Json::Find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).Find(key)); }

Json& Json::operator[](std::string_view key) {
  if (AsObject() == nullptr) value_ = Object{};
  auto& object = std::get<Object>(value_);
  auto at = Position(object, key);
  if (at == object.end() || at->key != key) at = object.insert(at, Member{std::string(key), {}});
  return at->value;
}

void Json::Remove(std::string_view key) {
  auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return;
  const auto at = Position(*object, key);
  if (at != object->end() && at->key == key) object->erase(at);
}

bool Json::operator==(const Json& other) const { return value_ == other.value_; }

std::string Canonical(const Json& json) {
  Writer writer(false);
  writer.Append(json);
  return writer.Take();
}

std::string Pretty(const Json& json) {
  Writer writer(true);
  writer.Append(json);
  return writer.Take() + "\n";
}

}  // namespace millwright::trust
