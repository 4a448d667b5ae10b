// SPDX-License-Identifier: Apache-2.0
#include "sim/queue_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sim/trace.h"

namespace borg::sim {
namespace {

struct Element {
  const Operation* push = nullptr;
  const Operation* pop = nullptr;
  bool is_left = false;  // in the list at the end
};
using Elements = std::map<std::string, Element>;

bool is_popped(const Operation& operation) {
  return operation.name == "pop" && operation.outcome == Outcome::kOk &&
         operation.reply.kind == Reply::Kind::kValue;
}

Element& known(Elements& elements, const std::string& name, const Operation& operation) {
  const auto at = elements.find(name);
  if (at != elements.end()) return at->second;
  throw Violation("queue", name + " was never pushed: " + describe(operation));
}

/// Nullptr if none came behind everything else.
const Operation* last_rest(const std::vector<Operation>& operations) {
  const Operation* last = nullptr;
  std::int64_t over = 0;
  for (const Operation& operation : operations) {
    const bool is_rest = operation.name == "rest";
    if (is_rest && operation.outcome == Outcome::kOk &&
        (last == nullptr || operation.invoked > last->invoked)) {
      last = &operation;
    }
    if (!is_rest) over = std::max({over, operation.invoked, operation.returned});
  }
  return last != nullptr && last->invoked >= over ? last : nullptr;
}

void note_rest(const Operation& rest, Elements& elements) {
  std::string_view text = rest.reply.text;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    Element& element = known(elements, std::string(text.substr(0, end)), rest);
    if (element.pop != nullptr || element.is_left) {
      throw Violation("queue", "popped or there before, and there: " + describe(*element.push));
    }
    element.is_left = true;
    text.remove_prefix(end + 1);
  }
}

void check_missing(const std::vector<Operation>& operations, const Elements& elements) {
  const auto unknown = std::ranges::count_if(operations, [](const Operation& operation) {
    return operation.name == "pop" && operation.outcome == Outcome::kUnknown;
  });
  std::int64_t missing = 0;
  std::string names;
  for (const auto& [name, element] : elements) {
    const bool is_there = element.pop != nullptr || element.is_left;
    if (is_there || element.push->outcome != Outcome::kOk) continue;
    ++missing;
    names += " " + name;
  }
  if (missing <= unknown) return;
  throw Violation("queue", operations.front().key + " has lost" + names + ", with " +
                               std::to_string(unknown) + " pops whose outcome is unknown");
}

/// By when they were certainly pushed: the first pop of each must not follow that of a later one.
void check_order(const Elements& elements) {
  for (const auto& [first_name, first] : elements) {
    if (first.push->outcome != Outcome::kOk || first.pop == nullptr) continue;
    for (const auto& [second_name, second] : elements) {
      const bool is_later = second.push->invoked > first.push->returned;
      if (!is_later || second.pop == nullptr) continue;
      if (second.pop->returned >= first.pop->invoked) continue;
      throw Violation("queue", first_name + " was pushed before " + second_name +
                                   " and popped behind it: " + describe(*first.pop));
    }
  }
}

}  // namespace

bool is_of_queue(const Operation& operation) {
  return operation.name == "push" || operation.name == "pop" || operation.name == "rest";
}

void check_queue(const std::vector<Operation>& operations) {
  Elements elements;
  for (const Operation& operation : operations) {
    if (operation.name == "push" && operation.outcome != Outcome::kFailed) {
      elements[operation.args[0]].push = &operation;
    }
  }
  for (const Operation& operation : operations) {
    if (!is_popped(operation)) continue;
    Element& element = known(elements, operation.reply.text, operation);
    if (element.pop != nullptr) {
      throw Violation("queue",
                      "popped twice: " + describe(*element.pop) + " and " + describe(operation));
    }
    element.pop = &operation;
  }
  if (const Operation* rest = last_rest(operations)) {
    note_rest(*rest, elements);
    check_missing(operations, elements);
  }
  check_order(elements);
}

}  // namespace borg::sim
