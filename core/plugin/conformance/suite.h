// How the conformance suites say what they check.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/conformance/conformance.h"

namespace rtml::plugin {

// Collects the outcome of a suite's checks. A check is a function that returns a Status; an error
// is what the plugin did wrong.
class Suite {
 public:
  Suite(std::string capability, std::vector<ConformanceCheck>& checks)
      : capability_(std::move(capability)), checks_(checks) {}

  template <typename Check>
  void check(std::string name, Check check) {
    const Status outcome = check();
    checks_.push_back({capability_, std::move(name), outcome.has_value(),
                       outcome ? "" : outcome.error().message()});
  }

 private:
  std::string capability_;
  std::vector<ConformanceCheck>& checks_;
};

// A check's answer: fine if `holds`, else what is wrong.
inline Status expect(bool holds, std::string_view problem) {
  if (holds) return {};
  return fail(ErrorCode::kPluginContract, std::string(problem));
}

// Fine if `result` failed with `code`.
template <typename T>
Status expect_error(const Result<T>& result, ErrorCode code, std::string_view what) {
  if (result) return fail(ErrorCode::kPluginContract, std::string(what) + " succeeds");
  if (result.error().code() == code) return {};
  return fail(ErrorCode::kPluginContract, std::string(what) + " fails with " +
                                              std::string(result.error().id()) + " instead of " +
                                              std::string(describe(code).id) + ": " +
                                              result.error().message());
}

void check_table(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                 Suite suite);
void check_online(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                  Suite suite);
void check_stream(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                  Suite suite);
void check_blob(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                Suite suite);
void check_model(PluginHost& host, const PluginInfo& plugin, const ConformanceSettings& settings,
                 Suite suite);
void check_orchestrator(PluginHost& host, const PluginInfo& plugin,
                        const ConformanceSettings& settings, Suite suite);

}  // namespace rtml::plugin
