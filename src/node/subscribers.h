// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/client.h"
#include "node/subscriptions.h"

namespace borg::node {

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>()(name);
  }
};
template <class T>
using ByName = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;

/// The clients of one worker that listen to something, by what they listen to.
///
/// Borrows the clients: each is removed before it ends.
class Subscribers {
 public:
  /// True if the name had no subscriber here. REQUIRES: the client is not one of them.
  bool add(ChannelKind kind, std::string_view name, Client& client);
  /// True if the name has no subscriber here any more. REQUIRES: the client is one of them.
  bool remove(ChannelKind kind, std::string_view name, const Client& client);

  using Push = std::function<void(Client& client, std::string_view text)>;
  /// Pushes a message to each that listens to the channel, and again for each of its patterns
  /// that match. Returns how often.
  std::size_t deliver(bool is_sharded, std::string_view channel, std::string_view message,
                      const Push& push) const;

  [[nodiscard]] std::size_t count(ChannelKind kind, std::string_view name) const;
  void for_each(ChannelKind kind, const std::function<void(const std::string& name)>& visit) const;

 private:
  using Clients = std::vector<Client*>;
  [[nodiscard]] const ByName<Clients>& of(ChannelKind kind) const {
    return clients_[static_cast<std::size_t>(kind)];
  }

  std::array<ByName<Clients>, kChannelKinds> clients_;
};

}  // namespace borg::node
