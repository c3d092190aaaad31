// The process environment as a value, so that core and tests need not touch the real one.

#pragma once

#include <map>
#include <optional>
#include <string>

namespace rtml {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> variables)
      : variables_(std::move(variables)) {}

  // Copies the environment of this process.
  static Environment of_process();

  std::optional<std::string> get(const std::string& name) const;
  // The value, or nothing if it is absent or empty.
  std::optional<std::string> get_non_empty(const std::string& name) const;
  const std::map<std::string, std::string>& variables() const { return variables_; }

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace rtml
