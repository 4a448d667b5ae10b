// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "app/borgctl/cluster_info.h"
#include "app/borgctl/failure.h"
#include "app/borgctl/info_command.h"
#include "app/borgctl/jsonl.h"
#include "app/borgctl/key_commands.h"
#include "app/borgctl/output_file.h"
#include "app/borgctl/seen_keys.h"
#include "app/borgctl/text_bytes.h"

namespace borg::borgctl {
namespace {

using Kind = resp::Value::Kind;

Endpoint address_of(const ClusterInfo& info, const std::string& name) {
  const NodeInfo* const node = info.find(name);
  if (node == nullptr) {
    std::string names;
    for (const NodeInfo& item : info.nodes) names += " " + item.name;
    throw Failure(fmt::format("no node {} in this cluster; it has:{}", shown(name), names));
  }
  const std::optional<Endpoint> address = parse_endpoint(node->address);
  if (!address) throw Failure(fmt::format("node {} has no known address", shown(name)));
  return *address;
}

/// Prints the keys as they come: there may be more than fit into memory as text.
class KeyPrinter {
 public:
  explicit KeyPrinter(bool is_json) : is_json_(is_json) {}

  void add(const std::string& key, const std::string& role) {
    std::string line;
    if (is_json_) {
      line = is_first_ ? "[\n{" : ",\n{";
      append_json_bytes(line, "key", key);
      line += ", ";
      append_json_bytes(line, "role", role);
      line += "}";
    } else {
      line = fmt::format("{:<7}  {}\n", role, shown(key));
    }
    is_first_ = false;
    print_out(line);
  }

  void finish() {
    if (is_json_) print_out(is_first_ ? "[]\n" : "\n]\n");
  }

 private:
  bool is_json_;
  bool is_first_ = true;
};

/// Prints one page and returns the cursor of the next one.
std::string print_page(const resp::Value& page, SeenKeys& seen, KeyPrinter& printer) {
  if (page.kind != Kind::kArray || page.elements.size() != 2) {
    throw Failure("BORG LOCAL: an unexpected reply");
  }
  for (const resp::Value& row : page.elements[1].elements) {
    if (row.elements.size() < 2) throw Failure("BORG LOCAL: an unexpected reply");
    const std::string& key = row.elements[0].text;
    if (seen.add(key)) printer.add(key, row.elements[1].text);
  }
  return page.elements[0].text;
}

}  // namespace

int run_local(const Globals& globals, const std::string& node) {
  Target target = globals.target;
  {
    ClusterClient any = ClusterClient::connect(target);
    const Endpoint address = address_of(ask_info(any).info, node);
    target.host = address.host;
    target.port = address.port;
  }
  ClusterClient client = ClusterClient::connect(target);
  SeenKeys seen;
  KeyPrinter printer(globals.is_json);
  std::string cursor = "0";
  do {
    cursor = print_page(client.call_or_fail({"BORG", "LOCAL", cursor}), seen, printer);
  } while (cursor != "0");
  printer.finish();
  return kExitOk;
}

}  // namespace borg::borgctl
