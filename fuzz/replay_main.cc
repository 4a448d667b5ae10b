// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer, with any compiler: on the inputs of its corpus, on each
// of their beginnings, and on some thousand mutations of them, the same at every run.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kMutationsPerInput = 2000;
constexpr std::size_t kPrefixesMax = 2000;

void run(const std::string& input) {
  // A copy of exactly this size, so that a sanitizer sees a read past its end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<std::string> read_corpus(const char* folder) {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

/// Changes, removes or doubles a few bytes, or takes a piece of another input.
std::string mutate(std::string input, const std::vector<std::string>& corpus,
                   borg::Random& random) {
  for (std::uint64_t edits = 1 + random.below(4); edits > 0; --edits) {
    const std::size_t at = random.below(input.size() + 1);
    const std::size_t count = random.below(9);
    switch (random.below(4)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        input.erase(at, count);
        break;
      case 2:
        input.insert(at, std::string(input.substr(at, count)));
        break;
      default: {
        const std::string& other = corpus[random.below(corpus.size())];
        input.insert(at, other.substr(random.below(other.size() + 1), 4 * count));
      }
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
    return 1;
  }
  const std::vector<std::string> corpus = read_corpus(argv[1]);
  borg::Random random(1);
  for (const std::string& input : corpus) {
    for (std::size_t size = 0; size <= input.size() && size < kPrefixesMax; ++size) {
      run(input.substr(0, size));
    }
    run(input);
    for (int i = 0; i < kMutationsPerInput; ++i) run(mutate(input, corpus, random));
  }
  std::printf("%zu inputs and their mutations\n", corpus.size());
  return corpus.empty() ? 1 : 0;
}
