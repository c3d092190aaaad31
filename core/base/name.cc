#include "core/base/name.h"

#include <algorithm>

namespace rtml {
namespace {

// Optimal string alignment: insert, delete, replace, and swap of neighbours cost one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replace, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

Status check_name(std::string_view name, std::string_view what) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  const bool valid = !name.empty() && name.size() <= 63 && lower(name.front()) &&
                     std::all_of(name.begin(), name.end(), allowed) &&
                     name.find("__") == std::string_view::npos;
  if (valid) return {};
  return fail(Error(ErrorCode::kBadValue,
                    "not a valid " + std::string(what) + " name: \"" + std::string(name) + "\"")
                  .with_help("use a to z, 0 to 9 and single _, start with a letter, at most 63"));
}

std::optional<std::string> nearest_word(std::string_view word,
                                        std::span<const std::string> candidates) {
  std::size_t best = word.size() <= 1 ? 1 : word.size() <= 3 ? 2 : 3;
  std::optional<std::string> nearest;
  std::vector<const std::string*> extended;
  for (const std::string& candidate : candidates) {
    if (!word.empty() && candidate.starts_with(word)) extended.push_back(&candidate);
    const std::size_t gap = word.size() > candidate.size() ? word.size() - candidate.size()
                                                           : candidate.size() - word.size();
    if (gap >= best) continue;
    if (const std::size_t distance = edit_distance(word, candidate); distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  if (!nearest && extended.size() == 1) return *extended.front();
  return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto nearest = nearest_word(word, candidates);
  return nearest ? " (did you mean \"" + *nearest + "\"?)" : "";
}

}  // namespace rtml
