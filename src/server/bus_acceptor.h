// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/address_prober.h"
#include "server/asio.h"
#include "wire/messages.h"

namespace borg::server {

/// Accepts bus connections and their greetings, and hands the good ones on. Answers who asks who
/// is here (wire/probe.h). Whatever else arrives is refused with one log line.
///
/// Runs: on the control thread.
class BusAcceptor {
 public:
  using OnAccepted = std::function<void(tcp::socket socket, wire::Hello hello)>;
  using OnRefused = std::function<void(const std::string& reason)>;

  /// `prober` is for those who want to be dialled, and must outlive this object.
  BusAcceptor(tcp::acceptor acceptor, std::string cluster, NodeId self, std::uint16_t workers,
              AddressProber& prober, OnAccepted on_accepted, OnRefused on_refused);
  void start();
  void stop();

 private:
  struct Guest;
  void read_hello(const std::shared_ptr<Guest>& guest);
  void on_hello(const std::shared_ptr<Guest>& guest, const wire::Hello& hello);
  void on_probe(const std::shared_ptr<Guest>& guest, const wire::Probe& probe);
  void answer_probe(const std::shared_ptr<Guest>& guest, const AddressProber::Finding& found);
  void refuse(const std::shared_ptr<Guest>& guest, const std::string& reason);
  void welcome(const std::shared_ptr<Guest>& guest, const wire::Hello& hello);
  [[nodiscard]] std::string objection(const wire::Hello& hello) const;

  tcp::acceptor acceptor_;
  const std::string cluster_;
  const NodeId self_;
  const std::uint16_t workers_;
  AddressProber& prober_;
  const OnAccepted on_accepted_;
  const OnRefused on_refused_;
  asio::steady_timer retry_;
};

}  // namespace borg::server
