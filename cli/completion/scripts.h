// The completion scripts of the shells. They hold no names: each asks the program.

#pragma once

#include <string_view>

namespace rtml::cli {

std::string_view bash_completion();
std::string_view zsh_completion();
std::string_view fish_completion();

}  // namespace rtml::cli
