#include "trust/json.h"

#include <array>
#include <cstdio>

namespace millwright::trust {
namespace {

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
      AppendAll(*object, '{', '}', [&](const auto& member) {
        AppendText(member.first);
        out_ += pretty_ ? ": " : ":";
        Append(member.second);
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
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      NewLine();
      append(item);
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

Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::EmptyObject() {
  Json json;
  json.value_ = Object{};
  return json;
}

const Json* Json::Find(std::string_view key) const {
  const Object* object = AsObject();
  if (object == nullptr) return nullptr;
  const auto at = object->find(key);
  return at == object->end() ? nullptr : &at->second;
}

Json* Json::Find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).Find(key)); }

Json& Json::operator[](std::string_view key) {
  if (AsObject() == nullptr) value_ = Object{};
  return std::get<Object>(value_)[std::string(key)];
}

void Json::Remove(std::string_view key) {
  auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return;
  const auto at = object->find(key);
  if (at != object->end()) object->erase(at);
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
