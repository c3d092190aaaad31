#include "core/project/definitions.h"

namespace rtml::project {

std::string_view to_string(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSecond:
      return "s";
    case TimeUnit::kMillisecond:
      return "ms";
    case TimeUnit::kMicrosecond:
      return "us";
    case TimeUnit::kNanosecond:
      return "ns";
  }
  return "";
}

std::string_view to_string(WindowKind kind) {
  switch (kind) {
    case WindowKind::kLifetime:
      return "lifetime";
    case WindowKind::kSliding:
      return "sliding";
    case WindowKind::kTumbling:
      return "tumbling";
    case WindowKind::kSession:
      return "session";
  }
  return "";
}

}  // namespace rtml::project
