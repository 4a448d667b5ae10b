// SPDX-License-Identifier: Apache-2.0
#include "app/borgctl/holders.h"

#include <fmt/format.h>

#include "app/borgctl/jsonl.h"
#include "app/borgctl/table.h"

namespace borg::borgctl {
namespace {

using Kind = resp::Value::Kind;

void append_json(std::string& out, const Holder& holder) {
  out += '{';
  append_json_bytes(out, "name", holder.name);
  out += ", ";
  append_json_bytes(out, "id", holder.id);
  out += ", ";
  append_json_bytes(out, "address", holder.address);
  out += ", ";
  append_json_bytes(out, "role", holder.role);
  out += '}';
}

}  // namespace

std::optional<std::vector<Holder>> parse_holders(const resp::Value& reply) {
  if (reply.kind != Kind::kArray) return std::nullopt;
  std::vector<Holder> holders;
  for (const resp::Value& row : reply.elements) {
    if (row.kind != Kind::kArray || row.elements.size() < 4) return std::nullopt;
    holders.push_back({.name = row.elements[0].text,
                       .id = row.elements[1].text,
                       .address = row.elements[2].text,
                       .role = row.elements[3].text});
  }
  return holders;
}

std::string holders_line(const std::vector<Holder>& holders) {
  std::string line;
  for (const Holder& holder : holders) {
    if (!line.empty()) line += ", ";
    line += fmt::format("{} ({})", holder.name, holder.role);
  }
  return line;
}

std::string holders_table(const std::vector<Holder>& holders) {
  Table table({{"NODE"}, {"ADDRESS"}, {"ROLE"}});
  for (const Holder& holder : holders) table.add_row({holder.name, holder.address, holder.role});
  return table.text();
}

std::string holders_json(const std::vector<Holder>& holders) {
  std::string out = "[";
  for (const Holder& holder : holders) {
    if (out.size() > 1) out += ", ";
    append_json(out, holder);
  }
  return out + "]";
}

}  // namespace borg::borgctl
