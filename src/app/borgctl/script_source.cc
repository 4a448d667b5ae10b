// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "app/borgctl/line_editor.h"
#include "app/borgctl/line_reader.h"

namespace borg::borgctl {
namespace {

class ScriptSource : public LineSource {
 public:
  std::optional<std::string> read(const std::string& /*prompt*/) override {
    std::optional<LineReader::Line> line = lines_.next();
    if (!line) return std::nullopt;
    std::string text = std::move(line->text);
    text.erase(text.find_last_not_of("\r\n") + 1);
    return text;
  }
  void remember(const std::string& /*line*/) override {}

 private:
  LineReader lines_{"-"};
};

}  // namespace

std::unique_ptr<LineSource> make_script_source() { return std::make_unique<ScriptSource>(); }

}  // namespace borg::borgctl
