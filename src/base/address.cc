// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <algorithm>
#include <charconv>

#include "base/ip_address.h"

namespace borg {
namespace {

constexpr std::size_t kNameBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

/// Without the zone, which must not be empty where there is one.
std::optional<Ipv6> ipv6_of(std::string_view text) {
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    const std::string_view zone = text.substr(percent + 1);
    if (zone.empty() || zone.find_first_of("%:/[]= ,") != std::string_view::npos) {
      return std::nullopt;
    }
  }
  return ipv6_from_text(text.substr(0, percent));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
  });
}

/// A name whose last label is a number would be taken for an address by some and not by others.
bool is_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);  // the root
  if (text.size() > kNameBytesMax) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !std::all_of(label.begin(), label.end(), is_digit);
    text.remove_prefix(dot + 1);
  }
}

/// An IPv4 address that is written as one of IPv6 (RFC 4291, 2.5.5.2).
bool is_mapped(const Ipv6& a) {
  return std::all_of(a.begin(), a.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
         a[10] == 0xff && a[11] == 0xff;
}

}  // namespace

HostKind kind_of_host(std::string_view host) {
  if (ipv4_from_text(host)) return HostKind::kIpv4;
  if (ipv6_of(host)) return HostKind::kIpv6;
  return is_name(host) ? HostKind::kName : HostKind::kInvalid;
}

std::optional<std::string> host_from_text(std::string_view text) {
  const bool is_bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (is_bracketed) text = text.substr(1, text.size() - 2);
  if (const auto v6 = ipv6_of(text)) {
    if (is_mapped(*v6)) return to_text(Ipv4{(*v6)[12], (*v6)[13], (*v6)[14], (*v6)[15]});
    const std::size_t percent = std::min(text.find('%'), text.size());
    return to_text(*v6) + std::string(text.substr(percent));
  }
  if (is_bracketed || kind_of_host(text) == HostKind::kInvalid) return std::nullopt;
  return std::string(text);
}

bool is_wildcard(std::string_view host) {
  if (const auto v4 = ipv4_from_text(host)) return *v4 == Ipv4{};
  const auto v6 = ipv6_of(host);
  return v6 && *v6 == Ipv6{};
}

bool is_loopback(std::string_view host) {
  if (const auto v4 = ipv4_from_text(host)) return (*v4)[0] == 127;
  if (const auto v6 = ipv6_of(host)) {
    Ipv6 one{};
    one.back() = 1;
    return *v6 == one;
  }
  return host == "localhost" || host.ends_with(".localhost") || host == "ip6-localhost";
}

bool is_ipv6_link_local(std::string_view host) {
  const auto v6 = ipv6_of(host);
  return v6 && (*v6)[0] == 0xfe && ((*v6)[1] & 0xc0) == 0x80;
}

std::string host_port_text(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  std::string text(is_ipv6 ? "[" : "");
  text.append(host).append(is_ipv6 ? "]:" : ":").append(std::to_string(port));
  return text;
}

std::optional<HostPort> host_port_from_text(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, colon);
  // Without brackets nobody could say where an IPv6 address ends.
  if (!before.ends_with(']') && before.find(':') != std::string_view::npos) return std::nullopt;
  const auto host = host_from_text(before);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (!host || error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return std::nullopt;
  }
  return HostPort{*host, port};
}

}  // namespace borg
