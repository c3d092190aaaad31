#include "cli/render/junit.h"

#include <algorithm>

namespace rtml::cli {
namespace {

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        // XML 1.0 has no way to write other control characters.
        out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

std::string name_of(const Finding& finding) {
  if (finding.subject.empty()) return finding.rule;
  return finding.rule.empty() ? finding.subject : finding.subject + " " + finding.rule;
}

std::string outcome(const Finding& finding) {
  const std::string message = xml(finding.message);
  switch (finding.level) {
    case Finding::Level::kFailure:
      return "<failure message=\"" + message + "\" type=\"" + xml(finding.rule) + "\"/>";
    case Finding::Level::kSkipped:
      return "<skipped message=\"" + message + "\"/>";
    case Finding::Level::kWarning:
    case Finding::Level::kNote:
      return "<system-out>" + message + "</system-out>";
    case Finding::Level::kPass:
      break;
  }
  return "";
}

}  // namespace

std::string render_junit(const Report& report, std::string_view command) {
  const std::string suite =
      xml(report.suite.empty() ? "rtml " + std::string(command) : report.suite);
  const auto count = [&](Finding::Level level) {
    return std::to_string(
        std::count_if(report.findings.begin(), report.findings.end(),
                      [&](const Finding& finding) { return finding.level == level; }));
  };
  const std::string totals = " tests=\"" + std::to_string(report.findings.size()) +
                             "\" failures=\"" + count(Finding::Level::kFailure) +
                             "\" errors=\"0\" skipped=\"" + count(Finding::Level::kSkipped) + "\"";
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rtml\"" +
                    totals + ">\n  <testsuite name=\"" + suite + "\"" + totals + ">\n";
  for (const Finding& finding : report.findings) {
    const std::string head =
        "    <testcase classname=\"" + suite + "\" name=\"" + xml(name_of(finding)) + "\"";
    const std::string body = outcome(finding);
    out += body.empty() ? head + "/>\n" : head + ">" + body + "</testcase>\n";
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace rtml::cli
