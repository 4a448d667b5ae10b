// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "app/borgctl/failure.h"
#include "app/borgctl/history_file.h"
#include "app/borgctl/line_editor.h"
#include "app/borgctl/table.h"

namespace borg::borgctl {
namespace {

using Complete = std::function<Completion(std::string_view)>;

constexpr std::size_t kUsualColumns = 80;

std::size_t terminal_columns() {
  winsize size = {};
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kUsualColumns;
}

/// In columns, read line by line.
std::string list_text(const std::vector<std::string>& choices) {
  std::size_t width = 0;
  for (const std::string& choice : choices) width = std::max(width, choice.size() + 2);
  const std::size_t per_line = std::max<std::size_t>(1, terminal_columns() / width);
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += choices[i];
    const bool ends_line = (i + 1) % per_line == 0 || i + 1 == choices.size();
    text += ends_line ? "\r\n" : std::string(width - choices[i].size(), ' ');
  }
  return text;
}

class TerminalSource : public LineSource {
 public:
  TerminalSource(Complete complete, const std::string& history_path);
  ~TerminalSource() override;

  std::optional<std::string> read(const std::string& prompt) override;
  void remember(const std::string& line) override;

 private:
  static TerminalSource& self(EditLine* editor);
  static char* prompt_of(EditLine* editor);
  static unsigned char on_tab(EditLine* editor, wint_t key);
  static unsigned char on_interrupt(EditLine* editor, wint_t key);
  unsigned char complete_word();
  void add_to_memory(const std::string& line);

  Complete complete_;
  HistoryFile file_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  std::string prompt_;
};

TerminalSource::TerminalSource(Complete complete, const std::string& history_path)
    : complete_(std::move(complete)), file_(history_path) {
  editor_ = el_init("borgctl", stdin, stdout, stderr);
  if (editor_ == nullptr) throw Failure("cannot use this terminal");
  history_ = history_init();
  HistEvent event;
  history(history_, &event, H_SETSIZE, static_cast<int>(HistoryFile::kLinesKept));
  history(history_, &event, H_SETUNIQUE, 1);
  for (const std::string& line : file_.load()) add_to_memory(line);

  el_set(editor_, EL_CLIENTDATA, this);
  el_set(editor_, EL_PROMPT, &TerminalSource::prompt_of);
  el_set(editor_, EL_EDITOR, "emacs");
  el_set(editor_, EL_HIST, ::history, history_);
  // A signal that ends the program, and a new size of the window, are the editor's business.
  el_set(editor_, EL_SIGNAL, 1);
  // While a line is edited Ctrl-C is a key like any other; while a command runs, a signal.
  el_set(editor_, EL_SETTY, "-d", "-isig", nullptr);
  // Wide, because the editor copies narrow names and never frees the copies.
  el_wset(editor_, EL_ADDFN, L"borg-complete", L"Complete a word", &TerminalSource::on_tab);
  el_wset(editor_, EL_ADDFN, L"borg-interrupt", L"Clear the line", &TerminalSource::on_interrupt);
  el_set(editor_, EL_BIND, "^I", "borg-complete", nullptr);
  el_set(editor_, EL_BIND, "^C", "borg-interrupt", nullptr);
  el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_set(editor_, EL_BIND, "^W", "ed-delete-prev-word", nullptr);
  el_source(editor_, nullptr);
}

TerminalSource::~TerminalSource() {
  el_end(editor_);
  history_end(history_);
}

TerminalSource& TerminalSource::self(EditLine* editor) {
  void* data = nullptr;
  el_get(editor, EL_CLIENTDATA, &data);
  return *static_cast<TerminalSource*>(data);
}

char* TerminalSource::prompt_of(EditLine* editor) { return self(editor).prompt_.data(); }

unsigned char TerminalSource::on_tab(EditLine* editor, wint_t /*key*/) {
  return self(editor).complete_word();
}

unsigned char TerminalSource::on_interrupt(EditLine* editor, wint_t /*key*/) {
  const LineInfo* const line = el_line(editor);
  el_cursor(editor, static_cast<int>(line->lastchar - line->cursor));
  el_deletestr(editor, static_cast<int>(line->lastchar - line->buffer));
  std::fputs("^C\r\n", stdout);
  std::fflush(stdout);
  return CC_REDISPLAY;
}

unsigned char TerminalSource::complete_word() {
  const LineInfo* const line = el_line(editor_);
  const std::string_view before(line->buffer,
                                static_cast<std::size_t>(line->cursor - line->buffer));
  const Completion completion = complete_(before);
  if (completion.choices.empty()) return CC_REFRESH_BEEP;
  const std::size_t typed = before.size() - completion.from;
  std::string more = common_start(completion.choices).substr(typed);
  const bool is_only_one = completion.choices.size() == 1;
  if (is_only_one) more += ' ';
  if (!more.empty()) {
    el_insertstr(editor_, more.c_str());
    return CC_REFRESH;
  }
  fmt::print("\r\n{}", list_text(completion.choices));
  std::fflush(stdout);
  return CC_REDISPLAY;
}

std::optional<std::string> TerminalSource::read(const std::string& prompt) {
  prompt_ = prompt;
  // Before the prompt is there, or what is typed as soon as it is would be lost.
  el_set(editor_, EL_PREP_TERM, 1);
  int count = 0;
  const char* const text = el_gets(editor_, &count);
  if (text == nullptr || count <= 0) return std::nullopt;
  std::string line(text, static_cast<std::size_t>(count));
  line.erase(line.find_last_not_of("\r\n") + 1);
  return line;
}

void TerminalSource::add_to_memory(const std::string& line) {
  HistEvent event;
  history(history_, &event, H_ENTER, line.c_str());
}

void TerminalSource::remember(const std::string& line) {
  if (!may_be_remembered(line)) return;
  add_to_memory(line);
  file_.append(line);
}

}  // namespace

std::unique_ptr<LineSource> make_terminal_source(Complete complete,
                                                 const std::string& history_path) {
  return std::make_unique<TerminalSource>(std::move(complete), history_path);
}

}  // namespace borg::borgctl
