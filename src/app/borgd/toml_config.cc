// SPDX-License-Identifier: Apache-2.0
#include "app/borgd/toml_config.h"

#include <toml++/toml.h>

#include <cstdlib>

namespace borg::app {
namespace {

[[noreturn]] void refuse(const toml::source_region& where, const std::string& why) {
  throw CLI::ConfigError("--config: line " + std::to_string(where.begin.line) + ": " + why,
                         CLI::ExitCodes::ConfigError);
}

std::string text_of(const std::string& name, const toml::node& value) {
  if (const auto* text = value.as_string()) return text->get();
  if (const auto* number = value.as_integer()) return std::to_string(number->get());
  if (const auto* truth = value.as_boolean()) return truth->get() ? "true" : "false";
  refuse(value.source(), "'" + name + "' must be a string or a whole number");
}

/// One value, or those of an array where the flag takes several.
std::vector<std::string> texts_of(const std::string& name, const toml::node& value,
                                  const CLI::Option& option) {
  const auto* array = value.as_array();
  if (array == nullptr || option.get_items_expected_max() < 2) return {text_of(name, value)};
  std::vector<std::string> texts;
  for (const toml::node& each : *array) texts.push_back(text_of(name, each));
  return texts;
}

bool is_in_environment(const CLI::Option& option) {
  const std::string variable = option.get_envname();
  const char* value = variable.empty() ? nullptr : std::getenv(variable.c_str());
  return value != nullptr && *value != '\0';
}

toml::table parse(std::istream& input) {
  // The library reports what is wrong with a file by throwing, and so does CLI11.
  try {
    return toml::parse(input);
  } catch (const toml::parse_error& error) {
    refuse(error.source(), std::string(error.description()));
  }
}

}  // namespace

std::vector<CLI::ConfigItem> TomlConfig::from_config(std::istream& input) const {
  std::vector<CLI::ConfigItem> found;
  for (const auto& [key, value] : parse(input)) {
    const std::string name(key.str());
    const CLI::Option* option = app_.get_option_no_throw("--" + name);
    if (option == nullptr || !option->get_configurable()) {
      refuse(key.source(), "there is no flag --" + name);
    }
    std::vector<std::string> texts = texts_of(name, value, *option);
    if (!is_in_environment(*option)) found.push_back({{}, name, std::move(texts)});
  }
  return found;
}

/// Borg writes no files of settings.
std::string TomlConfig::to_config(const CLI::App*, bool, bool, std::string) const { return {}; }

}  // namespace borg::app
