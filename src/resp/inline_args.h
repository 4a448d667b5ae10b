// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace borg::resp {

/// Splits a line into arguments as Redis does for inline commands: at blanks; "…" with
/// \n \r \t \b \a \xHH and \<other>, '…' with \' only. A NUL ends the line. False if a quote
/// does not end, or does not end its argument. The views point into `line`, or into
/// `unescaped` where an argument had quotes.
[[nodiscard]] bool split_inline_args(std::string_view line, std::string& unescaped,
                                     std::vector<std::string_view>& args);

}  // namespace borg::resp
