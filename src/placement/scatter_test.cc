// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "placement/placement.h"

namespace borg::placement {
namespace {

enum class Kind { kPlain, kWeights, kZones, kBoth };

/// A cluster that changes at random, a node at a time; fixed seeds, because what is asked for is
/// a mean that no rule guarantees for every history.
class History {
 public:
  History(std::uint64_t seed, Kind kind, std::size_t size, const Options& options)
      : random_(seed), kind_(kind), size_(size), options_(options) {
    while (nodes_.size() < size) nodes_.push_back(some_node());
    assignment_ = assign(nodes_, options_, {});
  }
  /// What the change was worth.
  Stats change() {
    const bool joins =
        nodes_.size() + 3 <= size_ || (nodes_.size() < size_ + 3 && random_.chance(1, 2));
    if (joins) {
      nodes_.push_back(some_node());
    } else {
      nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(random_.below(nodes_.size())));
    }
    const Assignment before = assignment_;
    assignment_ = assign(nodes_, options_, before);
    return stats(nodes_, options_, before, assignment_);
  }

 private:
  Node some_node() {
    Node node{NodeId(random_.next()), 100, "", ""};
    const bool weights = kind_ == Kind::kWeights || kind_ == Kind::kBoth;
    const bool zones = kind_ == Kind::kZones || kind_ == Kind::kBoth;
    if (weights) node.weight = 50 * static_cast<std::uint32_t>(1 + random_.below(4));
    if (zones) node.zone = std::string(1, "abc"[random_.below(3)]);
    return node;
  }
  Random random_;
  Kind kind_;
  std::size_t size_;
  Options options_;
  std::vector<Node> nodes_;
  Assignment assignment_;
};

class Scatter : public ::testing::TestWithParam<Kind> {};

TEST_P(Scatter, TheMeanStaysNearTheWidthThroughAnyHistory) {
  for (const std::uint32_t width : {8u, 12u}) {
    for (const std::size_t size : {20u, 40u, 80u}) {
      History history(size + width, GetParam(), size, {2, width});
      for (int step = 0; step < 20; ++step) {
        const Stats s = history.change();
        EXPECT_LE(s.scatter_mean_x100, 140 * width) << size << " nodes, step " << step;
        EXPECT_LE(s.scatter_max, 3 * width) << size << " nodes, step " << step;
        EXPECT_EQ(s.replaced_whole, 0u);
      }
    }
  }
}

TEST_P(Scatter, ASmallerWidthMeansFewerFatalPairs) {
  std::uint32_t wider = UINT32_MAX;
  for (const std::uint32_t width : {39u, 16u, 8u}) {
    History history(7, GetParam(), 40, {2, width});
    Stats last;
    for (int step = 0; step < 10; ++step) last = history.change();
    EXPECT_LT(last.pair_loss_permille, wider) << "width " << width;
    wider = last.pair_loss_permille;
  }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, Scatter,
                         ::testing::Values(Kind::kPlain, Kind::kWeights, Kind::kZones,
                                           Kind::kBoth));

}  // namespace
}  // namespace borg::placement
