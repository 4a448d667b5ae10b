// SPDX-License-Identifier: Apache-2.0
#include "membership/cluster_view.h"

#include <algorithm>
#include <charconv>

namespace borg::membership {
namespace {

using coordination::MemberState;

std::optional<std::string_view> suffix_of(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  return key.substr(prefix.size());
}

std::optional<std::uint16_t> partition_number(std::string_view text) {
  std::uint16_t p = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), p);
  const bool ok = result.ec == std::errc() && result.ptr == text.data() + text.size();
  return ok && p < kPartitionCount ? std::optional(p) : std::nullopt;
}

}  // namespace

const MemberRecord* ClusterView::member(NodeId id) const {
  const auto at = std::lower_bound(
      members.begin(), members.end(), id,
      [](const MemberRecord& record, NodeId wanted) { return record.member.id < wanted; });
  return at != members.end() && at->member.id == id ? &*at : nullptr;
}

const MemberRecord* ClusterView::member(std::string_view name) const {
  const auto at = names.find(name);
  if (at != names.end()) return member(at->second);
  for (const MemberRecord& record : members) {
    if (record.member.name == name) return &record;
  }
  return nullptr;
}

std::size_t ClusterView::active_members() const {
  return static_cast<std::size_t>(std::count_if(
      members.begin(), members.end(),
      [](const MemberRecord& record) { return record.member.state == MemberState::kActive; }));
}

bool ClusterView::is_lost(PartitionId p) const {
  const PartitionConfig& config = partition(p);
  if (config.epoch == Epoch() || is_ahead[p.value()]) return false;
  return std::all_of(config.in_sync.begin(), config.in_sync.end(), [&](NodeId id) {
    const MemberRecord* record = member(id);
    // Silent ones that are given up while their sessions live may come back with all they hold.
    return record == nullptr ||
           (record->member.state == MemberState::kDown && !record->has_session);
  });
}

bool ClusterView::holds_nothing(NodeId node) const {
  return std::none_of(partitions.begin(), partitions.end(),
                      [&](const PartitionConfig& c) { return c.is_replica(node); });
}

MemberRecord* ViewBuilder::find(NodeId id) { return const_cast<MemberRecord*>(view_.member(id)); }

void ViewBuilder::apply(const coordination::Snapshot& snapshot) {
  view_ = ClusterView{};
  sessions_.clear();
  for (const auto& entry : snapshot.entries) {
    set(entry.key, entry.value, entry.modified, entry.created);
  }
  view_.revision = snapshot.revision;
  ready_ = true;
}

void ViewBuilder::apply(const coordination::Changes& changes) {
  for (const auto& change : changes.changes) {
    if (change.value) {
      set(change.key, *change.value, change.modified, change.created);
    } else {
      remove(change.key);
    }
  }
  view_.revision = changes.revision;
}

void ViewBuilder::learn(PartitionId partition, const PartitionConfig& config, Revision modified) {
  PartitionConfig& known = view_.partitions[partition.value()];
  if (config.epoch < known.epoch) return;
  known = config;
  view_.is_ahead[partition.value()] = modified == Revision();
  Revision& revision = view_.partitions_modified[partition.value()];
  // With a revision that is too old our next compare-and-set fails, which is safe.
  revision = std::max(revision, modified);
}

std::shared_ptr<const ClusterView> ViewBuilder::publish() const {
  return std::make_shared<const ClusterView>(view_);
}

void ViewBuilder::set(const std::string& key, const std::string& value, Revision modified,
                      Revision created) {
  const auto at = std::lower_bound(view_.keys.begin(), view_.keys.end(), key);
  if (at == view_.keys.end() || *at != key) view_.keys.insert(at, key);
  if (key == coordination::kSettingsKey) {
    view_.settings = coordination::settings_from_text(value);
    view_.settings_modified = modified;
  } else if (key == coordination::kTargetKey) {
    view_.target = coordination::target_from_text(value).value_or(coordination::Target{});
    view_.target_modified = modified;
  } else if (key == coordination::kEndingKey) {
    view_.ending_modified = modified;
  } else if (const auto member_id = suffix_of(key, "members/")) {
    if (const auto id = coordination::node_id_from_text(*member_id)) {
      set_member(*id, value, modified, created);
    }
  } else if (const auto session_id = suffix_of(key, "sessions/")) {
    if (const auto id = coordination::node_id_from_text(*session_id)) {
      sessions_[*id] = modified;
      if (MemberRecord* record = find(*id)) set_session(*record);
    }
  } else if (const auto name = suffix_of(key, "names/")) {
    if (const auto id = coordination::node_id_from_text(value)) {
      view_.names[std::string(*name)] = *id;
    }
  } else if (const auto number = suffix_of(key, "partitions/")) {
    set_partition(*number, value, modified);
  }
}

void ViewBuilder::set_member(NodeId id, const std::string& value, Revision modified,
                             Revision created) {
  const auto member = coordination::member_from_text(id, value);
  if (!member) return;
  MemberRecord* record = find(id);
  if (record == nullptr) {
    const auto at = std::upper_bound(
        view_.members.begin(), view_.members.end(), id,
        [](NodeId wanted, const MemberRecord& other) { return wanted < other.member.id; });
    record = &*view_.members.insert(at, MemberRecord{});
  }
  *record = MemberRecord{.member = *member, .joined = created, .modified = modified};
  set_session(*record);
}

void ViewBuilder::set_session(MemberRecord& record) const {
  const auto at = sessions_.find(record.member.id);
  record.has_session = at != sessions_.end();
  record.session_modified = record.has_session ? at->second : Revision();
}

void ViewBuilder::set_partition(std::string_view number, const std::string& value,
                                Revision modified) {
  const auto p = partition_number(number);
  const auto config = coordination::partition_from_text(value);
  if (!p || !config) return;
  // A peer may have told us of a newer one already.
  if (config->epoch >= view_.partitions[*p].epoch) {
    view_.partitions[*p] = *config;
    view_.is_ahead[*p] = false;
  }
  view_.partitions_modified[*p] = std::max(view_.partitions_modified[*p], modified);
}

void ViewBuilder::remove(const std::string& key) {
  const auto at = std::lower_bound(view_.keys.begin(), view_.keys.end(), key);
  if (at != view_.keys.end() && *at == key) view_.keys.erase(at);
  if (const auto member_id = suffix_of(key, "members/")) {
    const auto id = coordination::node_id_from_text(*member_id);
    std::erase_if(view_.members,
                  [&](const MemberRecord& record) { return id && record.member.id == *id; });
  } else if (const auto session_id = suffix_of(key, "sessions/")) {
    const auto id = coordination::node_id_from_text(*session_id);
    if (!id) return;
    sessions_.erase(*id);
    if (MemberRecord* record = find(*id)) set_session(*record);
  } else if (const auto name = suffix_of(key, "names/")) {
    view_.names.erase(std::string(*name));
  } else if (key == coordination::kSettingsKey) {
    view_.settings.reset();
    view_.settings_modified = Revision();
  } else if (key == coordination::kEndingKey) {
    view_.ending_modified = Revision();
  } else if (key == coordination::kTargetKey) {
    view_.target = {};
    view_.target_modified = Revision();
  } else if (const auto number = suffix_of(key, "partitions/")) {
    if (const auto p = partition_number(*number)) {
      view_.partitions[*p] = {};
      view_.partitions_modified[*p] = Revision();
    }
  }
}

}  // namespace borg::membership
