#include "cli/render/text.h"

#include <algorithm>

namespace rtml::cli {
namespace {

// More errors than this do not help anybody; the last ones are kept.
constexpr std::size_t kShownErrors = 20;
constexpr std::string_view kGap = "  ";

std::string cell(const Text& text, std::size_t width, bool right_aligned, bool last,
                 const Style& style) {
  const std::string shown = printable(text.text, style);
  const std::size_t used = width_of(shown);
  const std::string padding(width > used ? width - used : 0, ' ');
  const std::string body = painted(shown, text.tone, style);
  if (right_aligned) return padding + body;
  return last ? body : body + padding;
}

std::string aligned_table(const Table& table, const Style& style) {
  std::vector<std::size_t> widths;
  for (const auto& column : table.columns) widths.push_back(width_of(column.name));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(printable(row[i].text, style)));
    }
  }
  std::string out;
  const auto write_row = [&](const std::vector<Text>& row) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      if (i > 0) out += kGap;
      out += cell(row[i], widths[i], table.columns[i].right_aligned, i + 1 == row.size(), style);
    }
    out += '\n';
  };
  std::vector<Text> header;
  for (const auto& column : table.columns) header.emplace_back(column.name, Tone::kStrong);
  write_row(header);
  for (const auto& row : table.rows) write_row(row);
  return out;
}

std::string tabbed_table(const Table& table, const Style& style) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    out += (i > 0 ? "\t" : "") + printable(table.columns[i].name, style);
  }
  out += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += (i > 0 ? "\t" : "") + painted(printable(row[i].text, style), row[i].tone, style);
    }
    out += '\n';
  }
  return out;
}

struct SectionWriter {
  const Style& style;
  std::string operator()(const Line& line) const {
    return painted(printable(line.text.text, style), line.text.tone, style) + '\n';
  }
  std::string operator()(const Fields& fields) const {
    std::size_t width = 0;
    for (const auto& [name, value] : fields.rows) width = std::max(width, width_of(name));
    std::string out;
    for (const auto& [name, value] : fields.rows) {
      const std::string padding(width - width_of(name), ' ');
      out += painted(name, Tone::kFaint, style);
      if (!value.text.empty()) {
        out +=
            padding + std::string(kGap) + painted(printable(value.text, style), value.tone, style);
      }
      out += '\n';
    }
    return out;
  }
  std::string operator()(const Table& table) const {
    return style.terminal ? aligned_table(table, style) : tabbed_table(table, style);
  }
  std::string operator()(const Verbatim& verbatim) const { return verbatim.text; }
};

// The line of the file and a caret below the place.
std::string excerpt(const SourceLocation& location, const Style& style) {
  if (location.line_text.empty() || location.column <= 0) return "";
  // A tab counts as one column, so it is shown as one space to keep the caret in place.
  std::string line = location.line_text;
  std::replace(line.begin(), line.end(), '\t', ' ');
  const std::string number = std::to_string(location.line);
  const std::string margin(number.size(), ' ');
  const std::size_t length = static_cast<std::size_t>(std::max(location.length, 1));
  const std::size_t column = static_cast<std::size_t>(location.column) - 1;
  const std::size_t room = std::max<std::size_t>(width_of(line), column + 1) - column;
  std::string out = "  " + number + " | " + printable(line, style) + '\n';
  out += "  " + margin + " | " + std::string(column, ' ');
  out += painted(std::string(std::min(length, room), '^'), Tone::kBad, style) + '\n';
  return out;
}

std::string place(const SourceLocation& location) {
  std::string out = location.file;
  if (location.line > 0) out += ":" + std::to_string(location.line);
  if (location.line > 0 && location.column > 0) out += ":" + std::to_string(location.column);
  return out + ": ";
}

std::string one_error(const Error& error, const Style& style) {
  std::string out;
  const auto& location = error.location();
  if (location && !location->file.empty()) {
    out += painted(printable(place(*location), style), Tone::kStrong, style);
  }
  out += painted("error[" + std::string(error.id()) + "]:", Tone::kBad, style);
  out += " " + printable(error.message(), style) + '\n';
  if (location) out += excerpt(*location, style);
  if (!error.help().empty()) {
    out += painted("help:", Tone::kGood, style) + " " + printable(error.help(), style) + '\n';
  }
  return out;
}

void flatten(const Error& error, std::vector<const Error*>& single) {
  if (error.parts().empty()) single.push_back(&error);
  for (const Error& part : error.parts()) flatten(part, single);
}

}  // namespace

std::string render_text(const std::vector<Section>& sections, const Style& style) {
  std::string out;
  for (const Section& section : sections) out += std::visit(SectionWriter{style}, section);
  return out;
}

std::string render_error(const Error& error, const Style& style) {
  std::vector<const Error*> single;
  flatten(error, single);
  const std::size_t hidden = single.size() > kShownErrors ? single.size() - kShownErrors : 0;
  std::string out;
  if (hidden > 0) out += std::to_string(hidden) + " more errors before these\n";
  for (std::size_t i = hidden; i < single.size(); ++i) out += one_error(*single[i], style);
  if (single.size() > 1) out += std::to_string(single.size()) + " errors\n";
  return out;
}

}  // namespace rtml::cli
