// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace borg::app {

/// Reads the file that --config names: TOML, flags without their dashes as keys.
///
/// CLI11 reads something near TOML by itself, but takes `name = [1,` for a value, and puts the
/// file above the environment: here a variable that is set goes before the file.
///
/// Errors: throws CLI::ConfigError, as CLI11 expects.
class TomlConfig : public CLI::Config {
 public:
  explicit TomlConfig(const CLI::App& app) : app_(app) {}
  [[nodiscard]] std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
  [[nodiscard]] std::string to_config(const CLI::App*, bool, bool, std::string) const override;

 private:
  const CLI::App& app_;
};

}  // namespace borg::app
