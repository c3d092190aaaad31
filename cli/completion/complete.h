// What a shell may offer for the word under the cursor.
//
// The scripts of `rtml completion` run `rtml __complete WORD... CURRENT` and show the lines it
// prints: "value<TAB>what it is", or ":path" and ":directory" where the shell completes by itself.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/session.h"

namespace rtml::cli {

struct Candidate {
  std::string value;
  std::string meaning;  // May be empty.
};

// Returns what may stand for the last of `words` (those after the program's name; at least one, it
// may be empty). Reads the project and the registry where names are wanted; what cannot be read
// offers nothing.
std::vector<Candidate> complete(std::span<const std::string> words, Session& session);

// Runs complete() for the front end: changes to -C DIR, prints to standard output, never fails.
void print_completions(std::span<const std::string> words, Session& session);

}  // namespace rtml::cli
