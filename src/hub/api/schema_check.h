// For tests: whether an answer fits openapi.json.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace millwright::hub {

using nlohmann::json;

// The parts of JSON Schema that openapi.json uses; the first fault, or empty.
inline std::string Mismatch(const json& schema, const json& value, const json& document,
                            const std::string& at) {
  if (schema.contains("$ref")) {
    const std::string name = schema["$ref"].get<std::string>();
    return Mismatch(document.at(json::json_pointer(name.substr(1))), value, document, at);
  }
  if (schema.contains("anyOf")) {
    std::string faults;
    for (const json& one : schema["anyOf"]) {
      const std::string fault = Mismatch(one, value, document, at);
      if (fault.empty()) return "";
      faults += fault + "; ";
    }
    return faults;
  }
  const auto fits = [&](const std::string& type) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) ||
           (type == "integer" && value.is_number_integer()) ||
           (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
           (type == "null" && value.is_null());
  };
  const json& type = schema.at("type");
  bool good = false;
  if (type.is_string())
    good = fits(type);
  else
    for (const json& one : type) good = good || fits(one);
  if (!good) return at + " is " + value.dump().substr(0, 60) + ", not " + type.dump();
  if (schema.contains("enum") && value.is_string() &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return at + " is " + value.dump();
  if (value.is_array() && schema.contains("items"))
    for (const json& item : value)
      if (std::string fault = Mismatch(schema["items"], item, document, at + "[]"); !fault.empty())
        return fault;
  if (!value.is_object() || !schema.contains("properties")) return "";
  for (const json& name : schema.value("required", json::array()))
    if (!value.contains(name)) return at + " lacks " + name.get<std::string>();
  for (const auto& [name, member] : value.items()) {
    if (!schema["properties"].contains(name)) return at + " has an unknown " + name;
    std::string fault = Mismatch(schema["properties"][name], member, document, at + "." + name);
    if (!fault.empty()) return fault;
  }
  return "";
}

}  // namespace millwright::hub
