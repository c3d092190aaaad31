#include "core/project/definitions.h"

#include <algorithm>

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

std::string Source::label() const {
  return version == 0 ? name : name + "@v" + std::to_string(version);
}

std::string plain_name(std::string_view name) {
  return std::string(name.substr(0, name.find('@')));
}

bool names_version(std::string_view name) {
  return name.find('@') != std::string_view::npos;
}

std::string ServiceItem::prefix() const {
  std::string text = view + "__";
  std::replace(text.begin(), text.end(), '@', '_');
  return text;
}

}  // namespace rtml::project
