// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace borg::borgctl {

/// Hides words that are data from the parser of the command line, which would take "-5" for a
/// flag and "[a,b]" for a list: they get a mark in front, which unescaped() takes off again.
/// A word that starts with the mark gets a second one, so nothing is ambiguous.
[[nodiscard]] std::vector<std::string> escaped(std::vector<std::string> words);
[[nodiscard]] std::string unescaped(const std::string& word);

}  // namespace borg::borgctl
