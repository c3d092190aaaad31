#include "cli/render/github.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "cli/render/output.h"
#include "cli/render/style.h"

namespace rtml::cli {
namespace {

constexpr int kAnnotationsPerLevel = 10;
constexpr std::size_t kSummaryLimit = 900 * 1024;

// As actions/toolkit escapes data (packages/core/src/command.ts); `property` escapes two more.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view command_of(Finding::Level level) {
  switch (level) {
    case Finding::Level::kFailure:
      return "error";
    case Finding::Level::kWarning:
      return "warning";
    case Finding::Level::kNote:
    case Finding::Level::kSkipped:
      return "notice";
    case Finding::Level::kPass:
      break;
  }
  return "";
}

// The file as GitHub knows it: relative to the checkout.
std::string name_in_workspace(const std::string& file, const std::filesystem::path& root,
                              const std::filesystem::path& workspace) {
  const auto path = (root / file).lexically_normal();
  const auto relative = path.lexically_relative(workspace);
  const bool inside = !workspace.empty() && !relative.empty() && *relative.begin() != "..";
  return inside ? relative.string() : file;
}

std::string annotation(const Finding& finding, const std::filesystem::path& root,
                       const std::filesystem::path& workspace) {
  std::string properties;
  const auto add = [&](std::string_view name, const std::string& value) {
    properties += properties.empty() ? " " : ",";
    properties += std::string(name) + "=" + escaped(value, true);
  };
  const SourceLocation& location = finding.location;
  if (!location.file.empty()) {
    add("file", name_in_workspace(location.file, root, workspace));
    if (location.line > 0) add("line", std::to_string(location.line));
    if (location.line > 0 && location.column > 0) add("col", std::to_string(location.column));
  }
  if (!finding.rule.empty()) add("title", finding.rule);
  return "::" + std::string(command_of(finding.level)) + properties +
         "::" + escaped(finding.message, false) + "\n";
}

void collect(const Error& error, std::vector<Finding>& findings) {
  for (const Error& part : error.parts()) collect(part, findings);
  if (!error.parts().empty()) return;
  Finding finding;
  finding.level = Finding::Level::kFailure;
  finding.rule = error.id();
  finding.message = error.message();
  if (error.location()) finding.location = *error.location();
  finding.subject = finding.location.file;
  findings.push_back(std::move(finding));
}

// Text that Markdown and the HTML in it leave alone.
std::string markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
    } else if (c == '<') {
      out += "&lt;";
    } else {
      if (std::strchr("\\`*_[]|#~", c) != nullptr) out += '\\';
      out += c;
    }
  }
  return out;
}

struct MarkdownWriter {
  std::string operator()(const Line& line) const { return markdown(line.text.text) + "\n\n"; }
  std::string operator()(const Fields& fields) const {
    std::string out = "| | |\n|---|---|\n";
    for (const auto& [name, value] : fields.rows) {
      out += "| " + markdown(name) + " | " + markdown(value.text) + " |\n";
    }
    return out + "\n";
  }
  std::string operator()(const Table& table) const {
    std::string names = "|";
    std::string rule = "|";
    for (const auto& column : table.columns) {
      names += " " + markdown(column.name) + " |";
      rule += column.right_aligned ? "---:|" : "---|";
    }
    std::string out = names + "\n" + rule + "\n";
    for (const auto& row : table.rows) {
      out += "|";
      for (const Text& cell : row) out += " " + markdown(cell.text) + " |";
      out += "\n";
    }
    return out + "\n";
  }
  std::string operator()(const Verbatim& verbatim) const {
    // A fence longer than any run of backticks inside cannot be closed by the text.
    std::string fence = "```";
    while (verbatim.text.find(fence) != std::string::npos) fence += '`';
    return fence + "\n" + verbatim.text + "\n" + fence + "\n\n";
  }
};

std::string random_delimiter() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  for (std::size_t filled = 0; filled < bytes.size();) {
    const ssize_t got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  std::string text = "rtml_";
  for (const unsigned char byte : bytes) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

}  // namespace

std::vector<Finding> findings_of(const Error& error) {
  std::vector<Finding> findings;
  collect(error, findings);
  return findings;
}

std::string render_annotations(const std::vector<Finding>& findings,
                               const std::filesystem::path& root,
                               const std::filesystem::path& workspace) {
  std::string out;
  for (const auto level : {Finding::Level::kFailure, Finding::Level::kWarning,
                           Finding::Level::kNote, Finding::Level::kSkipped}) {
    int count = 0;
    for (const Finding& finding : findings) {
      if (finding.level != level) continue;
      if (++count <= kAnnotationsPerLevel) out += annotation(finding, root, workspace);
    }
    if (count > kAnnotationsPerLevel) {
      out += std::to_string(count - kAnnotationsPerLevel) + " more of level " +
             std::string(command_of(level)) + " without annotation\n";
    }
  }
  return out;
}

std::string warning_annotation(std::string_view message) {
  return "::warning::" + escaped(message, false);
}

std::string render_markdown(std::string_view title, const std::vector<Section>& sections) {
  std::string out = "### " + markdown(title) + "\n\n";
  for (const Section& section : sections) {
    const std::string part = std::visit(MarkdownWriter{}, section);
    if (out.size() + part.size() > kSummaryLimit) {
      out += "The rest is too long for a step summary.\n\n";
      break;
    }
    out += part;
  }
  return out;
}

std::string render_outputs(const std::vector<std::pair<std::string, std::string>>& outputs) {
  std::string out;
  for (const auto& [name, value] : outputs) {
    if (value.find_first_of("\r\n") == std::string::npos) {
      out += name + "=" + value + "\n";
    } else {
      const std::string delimiter = random_delimiter();
      out += name + "<<" + delimiter + "\n" + value + "\n" + delimiter + "\n";
    }
  }
  return out;
}

Status append_to(const std::string& file, std::string_view text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  const bool written = descriptor >= 0 && write_all(descriptor, text) == WriteOutcome::kDone;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (written) return {};
  return fail(ErrorCode::kIo, "cannot append to " + file + ": " + std::strerror(reason));
}

}  // namespace rtml::cli
