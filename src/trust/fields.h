// Walks a document and keeps the first fault with the path to it. Used by metadata_read.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "trust/json.h"

namespace millwright::trust {

/// A value somewhere in a document. Missing or mistyped values note a fault and give defaults, so
/// that a reader may go straight on; it asks for the fault once, at the end.
class Field {
 public:
  Field(const Json* json, std::string path, std::optional<Error>& fault)
      : json_(json), path_(std::move(path)), fault_(&fault) {}

  [[nodiscard]] Field operator[](std::string_view key) const {
    return {json_ == nullptr ? nullptr : json_->Find(key), Below(key), *fault_};
  }
  [[nodiscard]] bool Present() const { return json_ != nullptr; }

  [[nodiscard]] std::string Text() const {
    const std::string* text = json_ == nullptr ? nullptr : json_->AsText();
    if (text == nullptr) Note("not a string");
    return text == nullptr ? std::string() : *text;
  }
  [[nodiscard]] int64_t Integer(int64_t least) const {
    const int64_t* number = json_ == nullptr ? nullptr : json_->AsInteger();
    if (number == nullptr || *number < least)
      Note("not a whole number from " + std::to_string(least));
    return number == nullptr ? least : *number;
  }
  [[nodiscard]] bool Bool() const {
    const bool* truth = json_ == nullptr ? nullptr : json_->AsBool();
    if (truth == nullptr) Note("neither true nor false");
    return truth != nullptr && *truth;
  }
  /// visit(Field item) for each of a list.
  template <typename Visit>
  void Each(Visit visit) const {
    const Json::List* list = json_ == nullptr ? nullptr : json_->AsList();
    if (list == nullptr) return Note("not a list");
    for (size_t i = 0; i < list->size() && !*fault_; ++i)
      visit(Field(&(*list)[i], path_ + "[" + std::to_string(i) + "]", *fault_));
  }
  /// visit(const std::string& key, Field value) for each member of an object.
  template <typename Visit>
  void EachMember(Visit visit) const {
    const Json::Object* object = json_ == nullptr ? nullptr : json_->AsObject();
    if (object == nullptr) return Note("not an object");
    for (const auto& [key, value] : *object) {
      if (*fault_) return;
      visit(key, Field(&value, Below(key), *fault_));
    }
  }
  void Note(const std::string& what) const {
    if (!*fault_)
      *fault_ = Error{Errc::kInvalid, path_ + ": " + (json_ == nullptr ? "is missing" : what)};
  }

 private:
  [[nodiscard]] std::string Below(std::string_view key) const {
    return path_ + "." + std::string(key);
  }

  const Json* json_;
  std::string path_;
  std::optional<Error>* fault_;
};

}  // namespace millwright::trust
