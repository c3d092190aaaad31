// Runs a fuzz target without a fuzzer: every file of a corpus, then changes of them, the same for
// the same seed.
//
//   fuzz_json [--runs N] [--seconds N] [--seed N] [--keep DIRECTORY] CORPUS
//
// An input that ends the process, or takes longer than ten seconds, is written into DIRECTORY (".")
// first; given as CORPUS it is run alone.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/target.h"

namespace rtml::fuzz {

// Of targets that define none.
__attribute__((weak)) std::vector<std::string> more_seeds() {
  return {};
}

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

namespace {

constexpr std::size_t kInputBytesMax = 65'536;
constexpr unsigned kHangSeconds = 10;

// What a signal handler needs, which may allocate nothing.
struct Current {
  const char* bytes = nullptr;
  std::size_t size = 0;
  char path[4096] = {};
};
Current current;

void keep_and_die(int signal_number) {
  const int file = ::open(current.path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(file, current.bytes, current.size);
    ::close(file);
  }
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

void run(const std::string& input) {
  current.bytes = input.data();
  current.size = input.size();
  ::alarm(kHangSeconds);
  // A copy of its own size, so that a sanitizer sees reads beyond it.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  ::alarm(0);
}

std::vector<std::string> read_corpus(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  } else {
    files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, std::uint64_t seed)
      : seeds_(std::move(seeds)), random_(seed) {}

  std::string next() {
    std::string input = seeds_[below(seeds_.size())];
    const std::size_t changes = 1 + below(6);
    for (std::size_t i = 0; i < changes; ++i) change(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

  void change(std::string& input) {
    // Bytes where numbers end, and where texts change their meaning.
    constexpr std::string_view kBytes("\0\x01\x7f\x80\xff\"\\{}[],:.-'#$&*\n\t ", 22);
    const std::size_t at = below(input.size());
    switch (below(9)) {
      case 0:
        if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        if (!input.empty()) input[at] = static_cast<char>(random_());
        break;
      case 2:
        if (!input.empty()) input[at] = kBytes[below(kBytes.size())];
        break;
      case 3:
        input.insert(at, 1, kBytes[below(kBytes.size())]);
        break;
      case 4:
        input.erase(at, 1 + below(8));
        break;
      case 5:
        input.resize(at);
        break;
      case 6:
        // A part again, so that things nest and repeat.
        input.insert(at, input.substr(below(input.size()), 1 + below(64)));
        break;
      case 7: {
        const std::string& other = seeds_[below(seeds_.size())];
        input.insert(at, other.substr(below(other.size()), 1 + below(64)));
        break;
      }
      default:
        for (std::size_t i = 0; i < 4 && at + i < input.size(); ++i) input[at + i] = '\xff';
        break;
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937_64 random_;
};

struct Options {
  std::uint64_t runs = 20'000;
  double seconds = 1e9;
  std::uint64_t seed = 1;
  std::filesystem::path keep = ".";
  std::filesystem::path corpus;
};

bool read_options(int count, char** words, Options* options) {
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const bool has_value = i + 1 < count;
    if (word == "--runs" && has_value) {
      options->runs = std::strtoull(words[++i], nullptr, 10);
    } else if (word == "--seconds" && has_value) {
      options->seconds = std::strtod(words[++i], nullptr);
    } else if (word == "--seed" && has_value) {
      options->seed = std::strtoull(words[++i], nullptr, 10);
    } else if (word == "--keep" && has_value) {
      options->keep = words[++i];
    } else if (!word.starts_with("--") && options->corpus.empty()) {
      options->corpus = word;
    } else {
      return false;
    }
  }
  return !options->corpus.empty();
}

int run_all(const char* program, const Options& options) {
  const std::string name = std::filesystem::path(program).filename().string() + "-" +
                           std::to_string(options.seed) + ".input";
  const std::string path = (options.keep / name).string();
  std::strncpy(current.path, path.c_str(), sizeof current.path - 1);
  for (const int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) {
    ::signal(signal_number, keep_and_die);
  }
  std::vector<std::string> seeds = read_corpus(options.corpus);
  const bool is_alone = !std::filesystem::is_directory(options.corpus);
  for (std::string& seed : more_seeds()) seeds.push_back(std::move(seed));
  if (seeds.empty()) {
    std::fprintf(stderr, "nothing to start from: %s\n", options.corpus.c_str());
    return 2;
  }
  for (const std::string& seed : seeds) run(seed);
  if (is_alone) return 0;
  Mutator mutator(std::move(seeds), options.seed);
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed_s = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  std::uint64_t runs = 0;
  for (; runs < options.runs && elapsed_s() < options.seconds; ++runs) run(mutator.next());
  std::printf("%s: seed %llu, %llu runs in %.1f s\n", name.c_str(),
              static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(runs),
              elapsed_s());
  return 0;
}

}  // namespace
}  // namespace rtml::fuzz

int main(int count, char** words) {
  rtml::fuzz::Options options;
  if (!rtml::fuzz::read_options(count, words, &options)) {
    std::fprintf(stderr, "usage: %s [--runs N] [--seconds N] [--seed N] [--keep DIR] CORPUS\n",
                 words[0]);
    return 2;
  }
  return rtml::fuzz::run_all(words[0], options);
}
