// How long work tells its caller where it is. The caller decides whether and how to show it.

#pragma once

#include <cstdint>
#include <string_view>

namespace rtml {

class Progress {
 public:
  virtual ~Progress() = default;
  // Says what is being done, "materialize customer_activity", and how many units there will be; 0
  // if unknown. `unit` is a plural: "rows".
  virtual void begin(std::string_view activity, std::int64_t total, std::string_view unit) = 0;
  // Says how many units are done in all. Cheap enough for every batch; may come from any thread.
  virtual void advance_to(std::int64_t done) = 0;
  virtual void end() = 0;
};

// Shows nothing.
class NoProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t, std::string_view) override {}
  void advance_to(std::int64_t) override {}
  void end() override {}
};

}  // namespace rtml
