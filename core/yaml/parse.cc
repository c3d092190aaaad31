#include "core/yaml/parse.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <utility>

#include "core/yaml/interpolate.h"

namespace rtml::yaml {
namespace {

// A file with more mistakes than this is better read again from the top.
constexpr std::size_t kMaxErrors = 20;

bool is_null_word(std::string_view text) {
  for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
    if (text.starts_with(word)) return true;
  }
  return false;
}

// Returns the byte after the quoted scalar that starts at `begin`, or npos if it is never closed.
std::size_t end_of_quoted(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

std::size_t position_of(const YAML::Mark& mark) {
  return static_cast<std::size_t>(std::max(mark.pos, 0));
}

// What the library says, in our words.
struct SyntaxMessage {
  std::string_view library;
  std::string_view message;
  std::string_view help;
};
constexpr SyntaxMessage kSyntaxMessages[] = {
    {"illegal map value", "a \"key: value\" may not stand here",
     "check the indentation and the space after \":\" here and above; quote a text with \": \""},
    {"illegal block entry", "a \"- item\" may not stand here",
     "start the list on a line of its own, below its key"},
    {"illegal flow end", "a ] or } closes nothing", "remove it, or quote the text"},
    {"illegal tab", "a tab is used to indent", "indent with spaces"},
    {"end of map not found", "the mapping goes wrong here",
     "check the indentation; after a closing quote nothing may follow"},
    {"end of sequence not found", "the list goes wrong here", "check the indentation"},
    {"unknown token", "a plain text may not start with this character", "quote the text"},
    {"the referenced anchor is not defined", "an alias names no anchor",
     "write &name at the value before *name, or quote the text"},
    {"illegal EOF", "a quoted text is not closed", "add the closing quote"},
};

}  // namespace

// Builds nodes out of the library's events. Not in the unnamed namespace because Node befriends it.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const SourceText> source, const Environment& environment,
              const Limits& limits)
      : source_(std::move(source)), environment_(environment), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    start(NodeKind::kSequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    start(NodeKind::kMapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override { end(); }

  // Takes the library's own complaint, which comes last.
  void fail_syntax(const YAML::ParserException& exception);
  void fail_depth(const YAML::Mark& mark) {
    refuse_limit(position_of(mark), "nested deeper than " + std::to_string(limits_.depth));
  }
  void fail_elsewhere(std::string_view message) {
    add_error(Error(ErrorCode::kYamlSyntax, "not valid YAML: " + std::string(message)));
  }

  // The library can announce one place as the start of a document for ever, for example at a comma.
  bool is_stuck() const { return is_stuck_; }

  Result<std::vector<Node>> finish();

 private:
  // A collection that is not closed yet.
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool is_flow = false;
    std::optional<Node> key;                            // Of a mapping: read, its value not yet.
    std::unordered_map<std::string, std::size_t> keys;  // Where each stands.
    int height = 1;
    std::size_t nodes_before = 0;
    std::size_t bytes_before = 0;
  };
  struct Anchored {
    Node node;
    int height = 0;
    std::size_t nodes = 0;
    std::size_t bytes = 0;
  };

  void start(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             YAML::EmitterStyle::value style);
  void end();
  // Puts a finished node where it belongs: a key, a value, an item, a root.
  void add(Node node, int height);
  void add_key(Frame& frame, Node node);
  Node make_node(NodeKind kind, std::size_t begin) const;
  Node make_scalar(std::size_t begin, const std::string& tag, const std::string& value);
  void interpolate_value(Node& node);
  bool expects_key() const {
    return !frames_.empty() && frames_.back().node.is_mapping() && !frames_.back().key;
  }
  // Skips "&anchor " and refuses a tag; returns where the content starts.
  std::size_t skip_properties(std::size_t begin);
  bool count(std::size_t begin, std::size_t nodes, std::size_t bytes);
  void refuse_limit(std::size_t begin, std::string message);
  void add_error(Error error) {
    if (errors_.size() < kMaxErrors) errors_.push_back(std::move(error));
  }
  Error at(ErrorCode code, std::string message, std::size_t begin, std::size_t length = 1) const {
    return Error(code, std::move(message)).at(source_->location(begin, length));
  }

  std::shared_ptr<const SourceText> source_;
  const Environment& environment_;
  const Limits limits_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::vector<Node> documents_;
  std::vector<Error> errors_;
  std::size_t document_count_ = 0;
  std::size_t document_begin_ = 0;
  bool is_stuck_ = false;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  // After a limit nothing more is built; the rest of the file only runs through the scanner.
  bool stopped_ = false;
};

Node TreeBuilder::make_node(NodeKind kind, std::size_t begin) const {
  Node node;
  node.kind_ = kind;
  node.begin_ = begin;
  node.source_ = source_;
  return node;
}

bool TreeBuilder::count(std::size_t begin, std::size_t nodes, std::size_t bytes) {
  nodes_ += nodes;
  bytes_ += bytes;
  if (nodes_ > limits_.nodes) {
    refuse_limit(begin, "more than " + std::to_string(limits_.nodes) + " values, aliases expanded");
  } else if (bytes_ > limits_.expanded_bytes) {
    refuse_limit(begin, "more than " + std::to_string(limits_.expanded_bytes) +
                            " bytes of text, aliases expanded");
  }
  return !stopped_;
}

void TreeBuilder::refuse_limit(std::size_t begin, std::string message) {
  if (stopped_) return;
  stopped_ = true;
  add_error(at(ErrorCode::kYamlLimit, std::move(message), begin)
                .with_help("split the file, or write what is repeated once"));
}

std::size_t TreeBuilder::skip_properties(std::size_t begin) {
  const std::string_view text = source_->text();
  while (begin < text.size() && (text[begin] == '&' || text[begin] == '!')) {
    const std::size_t stop = std::min(text.find_first_of(" \t\n,[]{}", begin), text.size());
    if (text[begin] == '!') {
      add_error(at(ErrorCode::kYamlSyntax,
                   "tags are not read: " + std::string(text.substr(begin, stop - begin)), begin,
                   stop - begin)
                    .with_help("leave it out; quote a text that looks like a number"));
    }
    const std::size_t content = text.find_first_not_of(" \t\n", stop);
    begin = content == std::string_view::npos ? text.size() : content;
  }
  return begin;
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  const std::size_t begin = position_of(mark);
  const bool is_first = document_count_++ == 0;
  is_stuck_ = !is_first && begin <= document_begin_;
  document_begin_ = begin;
  if (is_stuck_) {
    return add_error(at(ErrorCode::kYamlSyntax, "a document may not start here", begin)
                         .with_help("remove the character, or quote the text"));
  }
  if (stopped_ || is_first) return;
  if (source_->line_at(begin).starts_with("---")) return;
  // Without "---" the library starts a second document where the first one stopped making sense;
  // only "..." allows that.
  const std::size_t line_start = source_->text().rfind('\n', begin) + 1;
  const std::size_t dots = source_->text().substr(0, line_start).rfind("\n...");
  if (dots != std::string_view::npos &&
      source_->text().substr(dots + 4, line_start - dots - 4).find_first_not_of(" \t\n") ==
          std::string_view::npos) {
    return;
  }
  add_error(at(ErrorCode::kYamlSyntax,
               "this belongs neither to the document above nor to a new one", begin)
                .with_help("check the indentation, or start a document with a line \"---\""));
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (stopped_) return;
  const std::size_t begin = skip_properties(position_of(mark));
  Node node = make_node(NodeKind::kNull, begin);
  if (begin < source_->text().size() && is_null_word(source_->text().substr(begin))) {
    node.length_ = source_->text()[begin] == '~' ? 1 : 4;
    node.text_ = std::string(source_->text().substr(begin, node.length_));
  } else if (!frames_.empty() && frames_.back().key) {
    // A value that is absent is shown at its key.
    node.begin_ = frames_.back().key->begin_;
    node.length_ = frames_.back().key->length_;
  }
  if (!count(begin, 1, 0)) return;
  if (anchor != 0) anchors_[anchor] = {node, 1, 1, 0};
  add(std::move(node), 1);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (stopped_) return;
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    stopped_ = true;
    add_error(at(ErrorCode::kYamlSyntax, "an alias stands inside the value that it names",
                 position_of(mark)));
    return;
  }
  const Anchored& target = found->second;
  if (static_cast<int>(frames_.size()) + target.height > limits_.depth) {
    fail_depth(mark);
  } else if (count(position_of(mark), target.nodes, target.bytes)) {
    add(target.node, target.height);
  }
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  if (stopped_) return;
  const std::size_t begin = skip_properties(position_of(mark));
  Node node = make_scalar(begin, tag, value);
  if (!expects_key()) interpolate_value(node);
  const std::size_t bytes = node.text_.size();
  if (!count(begin, 1, bytes)) return;
  if (anchor != 0) anchors_[anchor] = {node, 1, 1, bytes};
  add(std::move(node), 1);
}

Node TreeBuilder::make_scalar(std::size_t begin, const std::string& tag, const std::string& value) {
  const std::string_view text = source_->text();
  Node node = make_node(NodeKind::kString, begin);
  node.text_ = value;
  node.text_begin_ = begin;
  const char first = begin < text.size() ? text[begin] : '\0';
  const bool plain = tag == "?";
  if (!plain && (first == '"' || first == '\'')) {
    const std::size_t stop = end_of_quoted(text, begin);
    if (stop == std::string_view::npos) {
      add_error(at(ErrorCode::kYamlSyntax, "a quoted text is not closed", begin)
                    .with_help("add the closing quote"));
      return node;
    }
    node.length_ = stop - begin;
    node.text_begin_ = begin + 1;
    node.verbatim_ = text.substr(begin + 1, node.length_ - 2) == value;
  } else if (!plain && (first == '|' || first == '>')) {
    node.length_ = 1;
  } else {
    node.kind_ = plain ? resolve_plain_scalar(value) : NodeKind::kString;
    node.verbatim_ = text.substr(begin, value.size()) == value;
    node.length_ = node.verbatim_ ? value.size() : source_->line_at(begin).size();
  }
  if (value.find('\n') != std::string::npos) node.verbatim_ = false;
  return node;
}

void TreeBuilder::interpolate_value(Node& node) {
  if (node.text_.find("${") == std::string::npos) return;
  std::size_t position = 0;
  auto result = interpolate(node.text_, environment_, &position);
  if (!result) {
    const std::size_t begin = node.verbatim_ ? node.text_begin_ + position : node.begin_;
    const std::size_t close = node.text_.find('}', position);
    const std::size_t length = close == std::string::npos ? 2 : close + 1 - position;
    add_error(std::move(result).error().at(
        source_->location(begin, node.verbatim_ ? length : node.length_)));
    return;
  }
  node.written_ = std::exchange(node.text_, std::move(result->text));
  node.interpolated_ = result->used_variable;
  node.verbatim_ = false;
  // `${PORT}` may be a number; it never becomes null, a list or a mapping.
  const bool plain = node.text_begin_ == node.begin_ && node.length_ > 1;
  if (plain && node.interpolated_) {
    const NodeKind kind = resolve_plain_scalar(node.text_);
    node.kind_ = kind == NodeKind::kNull ? NodeKind::kString : kind;
  }
}

void TreeBuilder::start(NodeKind kind, const YAML::Mark& mark, const std::string& /*tag*/,
                        YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  if (stopped_) return;
  const std::size_t begin = skip_properties(position_of(mark));
  if (static_cast<int>(frames_.size()) >= limits_.depth) return fail_depth(mark);
  if (expects_key()) {
    stopped_ = true;
    return add_error(at(ErrorCode::kYamlSyntax, "a key must be a plain text", begin)
                         .with_help("quote a text that holds brackets or braces"));
  }
  Frame frame;
  frame.node = make_node(kind, begin);
  frame.node.length_ = 1;
  frame.anchor = anchor;
  frame.is_flow = style == YAML::EmitterStyle::Flow;
  frame.nodes_before = nodes_;
  frame.bytes_before = bytes_;
  if (!count(begin, 1, 0)) return;
  frames_.push_back(std::move(frame));
}

void TreeBuilder::end() {
  if (stopped_) return;
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (frame.anchor != 0) {
    anchors_[frame.anchor] = {frame.node, frame.height, nodes_ - frame.nodes_before,
                              bytes_ - frame.bytes_before};
  }
  add(std::move(frame.node), frame.height);
}

void TreeBuilder::add(Node node, int height) {
  if (frames_.empty()) {
    if (!node.is_null()) documents_.push_back(std::move(node));
    return;
  }
  Frame& frame = frames_.back();
  frame.height = std::max(frame.height, height + 1);
  if (frame.node.is_sequence()) {
    frame.node.items_.push_back(std::move(node));
  } else if (!frame.key) {
    add_key(frame, std::move(node));
  } else {
    const std::string& key = frame.key->text_;
    const auto [earlier, is_new] = frame.keys.emplace(key, frame.key->begin_);
    if (is_new) {
      frame.node.members_.push_back({std::move(*frame.key), std::move(node)});
    } else {
      const int line = source_->location(earlier->second).line;
      add_error(at(ErrorCode::kYamlDuplicateKey,
                   "key stands twice in this mapping: \"" + key + "\"", frame.key->begin_,
                   frame.key->length_)
                    .with_help("the first one is in line " + std::to_string(line) +
                               "; remove one of them"));
    }
    frame.key.reset();
  }
}

void TreeBuilder::add_key(Frame& frame, Node node) {
  if (node.is_null() || !node.is_scalar()) {
    add_error(at(ErrorCode::kYamlSyntax, "a key must be a plain text", node.begin_)
                  .with_help("write \"key: value\"; quote a key such as null"));
  } else if (node.text_ == "<<" && node.verbatim_) {
    add_error(at(ErrorCode::kYamlSyntax, "merge keys are not read: <<", node.begin_, 2)
                  .with_help("write the keys out; a whole value may be repeated by *alias"));
  }
  frame.key = std::move(node);
}

void TreeBuilder::fail_syntax(const YAML::ParserException& exception) {
  if (stopped_) return;
  const std::string_view said = exception.msg;
  const std::size_t begin = position_of(exception.mark);
  for (std::size_t line = 0; line != std::string_view::npos;) {
    if (source_->text().substr(line).starts_with("<<<<<<< ")) {
      return add_error(at(ErrorCode::kYamlSyntax, "a merge conflict is not resolved", line, 7)
                           .with_help("choose one of the two versions and remove the marks"));
    }
    line = source_->text().find('\n', line);
    if (line != std::string_view::npos) ++line;
  }
  if (said.find("flow not found") != std::string_view::npos) {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      if (!frame->is_flow) continue;
      const bool list = frame->node.is_sequence();
      const std::size_t opened = frame->node.begin_;
      const bool has_variable =
          source_->text().substr(opened, begin - opened).find("${") != std::string_view::npos;
      return add_error(at(ErrorCode::kYamlSyntax,
                          list ? "a [ is not closed by ]" : "a { is not closed by }", opened)
                           .with_help(has_variable
                                          ? "quote a text with ${VAR} inside of [ ] and { }"
                                          : "close it, and check the commas between its items"));
    }
  }
  const std::string_view line = source_->line_at(std::min(begin, source_->text().size()));
  const std::size_t content = line.find_first_not_of(" \t");
  const std::size_t tab = line.find('\t');
  if (tab < content) {
    const auto line_begin = static_cast<std::size_t>(line.data() - source_->text().data());
    return add_error(at(ErrorCode::kYamlSyntax, "a tab is used to indent", line_begin + tab)
                         .with_help("indent with spaces"));
  }
  for (const SyntaxMessage& row : kSyntaxMessages) {
    if (said.find(row.library) == std::string_view::npos) continue;
    return add_error(at(ErrorCode::kYamlSyntax, std::string(row.message), begin)
                         .with_help(std::string(row.help)));
  }
  add_error(at(ErrorCode::kYamlSyntax, "not valid YAML: " + std::string(said), begin));
}

Result<std::vector<Node>> TreeBuilder::finish() {
  if (!errors_.empty()) return fail(Error::many(std::move(errors_)));
  return std::move(documents_);
}

namespace {

// Lets the library read a text without copying it.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* const begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

Result<std::vector<Node>> parse(std::string_view text, const std::string& file,
                                const Environment& environment, const Limits& limits) {
  if (text.size() > limits.bytes) {
    SourceLocation place;
    place.file = file;
    return fail(Error(ErrorCode::kYamlLimit, "larger than " + std::to_string(limits.bytes) +
                                                 " bytes: " + std::to_string(text.size()))
                    .at(std::move(place))
                    .with_help("split the file"));
  }
  RTML_TRY_ASSIGN(const auto source, SourceText::make(file, text));
  TreeBuilder builder(source, environment, limits);
  TextBuffer buffer(source->text());
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder) && !builder.is_stuck()) {
    }
  } catch (const YAML::DeepRecursion& exception) {
    builder.fail_depth(exception.mark);
  } catch (const YAML::ParserException& exception) {
    builder.fail_syntax(exception);
  } catch (const std::exception& exception) {
    builder.fail_elsewhere(exception.what());
  }
  return builder.finish();
}

}  // namespace rtml::yaml
