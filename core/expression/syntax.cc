#include "core/expression/syntax.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/base/time.h"

namespace rtml::expression {
namespace {

enum class TokenKind : std::uint8_t { kEnd, kName, kColumn, kInteger, kNumber, kText, kSymbol };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string text;  // The name, the string, or the symbol.
  std::int64_t integer = 0;
  double number = 0;
  bool is_too_large = false;  // 9223372036854775808, which only a minus makes an INT64.
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

// What other languages write for something that is spelt another way here.
struct Foreign {
  std::string_view symbol;
  std::string_view help;
};
constexpr std::array<Foreign, 5> kForeign = {{
    {"=", "write \"==\" to compare"},
    {"<>", "write \"!=\""},
    {"&&", "write \"and\""},
    {"||", "write \"or\""},
    {"!", "write \"not\""},
}};

// The same for words, which stand where an operator or the end is expected.
constexpr std::array<Foreign, 8> kForeignWords = {{
    {"is", "write \"is_null(x)\" or \"not is_null(x)\""},
    {"like", "write \"like(text, pattern)\""},
    {"when", "write \"if(condition, value, …, otherwise)\""},
    {"if", "write \"if(condition, value, otherwise)\""},
    {"AND", "write \"and\""},
    {"OR", "write \"or\""},
    {"IN", "write \"in\""},
    {"BETWEEN", "write \"between\""},
}};

Error syntax_error(const Text& text, std::size_t offset, std::size_t length, std::string message) {
  return Error(ErrorCode::kExpressionSyntax, "cannot read the expression: " + std::move(message))
      .at(locate(text, offset, length));
}

class Lexer {
 public:
  explicit Lexer(const Text& text) : text_(text), input_(text.text) {}

  Result<Token> next() {
    while (position_ < input_.size() && (input_[position_] == ' ' || input_[position_] == '\t' ||
                                         input_[position_] == '\n' || input_[position_] == '\r')) {
      ++position_;
    }
    Token token;
    token.offset = position_;
    if (position_ == input_.size()) return token;
    const char c = input_[position_];
    if (is_name_start(c)) return name(std::move(token));
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number(std::move(token));
    if (c == '"' || c == '\'' || c == '`') return quoted(std::move(token), c);
    return symbol(std::move(token));
  }

 private:
  char peek(std::size_t distance) const {
    return position_ + distance < input_.size() ? input_[position_ + distance] : '\0';
  }

  Token finish(Token token, TokenKind kind) const {
    token.kind = kind;
    token.length = position_ - token.offset;
    return token;
  }

  Token name(Token token) {
    while (is_name(peek(0))) ++position_;
    token.text = std::string(input_.substr(token.offset, position_ - token.offset));
    return finish(std::move(token), TokenKind::kName);
  }

  Result<Token> number(Token token) {
    bool is_integer = true;
    while (is_digit(peek(0))) ++position_;
    if (peek(0) == '.') {
      is_integer = false;
      ++position_;
      while (is_digit(peek(0))) ++position_;
    }
    const bool has_sign = peek(1) == '+' || peek(1) == '-';
    if ((peek(0) == 'e' || peek(0) == 'E') && is_digit(peek(has_sign ? 2 : 1))) {
      is_integer = false;
      position_ += has_sign ? 2 : 1;
      while (is_digit(peek(0))) ++position_;
    }
    if (is_integer && is_name(peek(0))) return duration(std::move(token));
    const std::string_view digits = input_.substr(token.offset, position_ - token.offset);
    if (is_name(peek(0)) || peek(0) == '.') {
      while (is_name(peek(0)) || peek(0) == '.') ++position_;
      return malformed(token, "malformed number: ");
    }
    if (is_integer) {
      const auto read =
          std::from_chars(digits.data(), digits.data() + digits.size(), token.integer);
      if (read.ec == std::errc::result_out_of_range) {
        token.is_too_large = digits == "9223372036854775808";
        if (!token.is_too_large) return malformed(token, "integer outside INT64: ");
      }
      return finish(std::move(token), TokenKind::kInteger);
    }
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), token.number);
    if (read.ec != std::errc() || !std::isfinite(token.number)) {
      return malformed(token, "number outside DOUBLE: ");
    }
    return finish(std::move(token), TokenKind::kNumber);
  }

  Result<Token> duration(Token token) {
    while (is_name(peek(0))) ++position_;
    const auto read = parse_duration(input_.substr(token.offset, position_ - token.offset));
    if (!read) return malformed(token, "malformed number or duration: ");
    token.integer = *read;
    return finish(std::move(token), TokenKind::kInteger);
  }

  Result<Token> malformed(const Token& token, std::string_view what) const {
    const std::size_t length = position_ - token.offset;
    return fail(syntax_error(text_, token.offset, length,
                             std::string(what) + std::string(input_.substr(token.offset, length))));
  }

  // A doubled quote stands for one.
  Result<Token> quoted(Token token, char quote) {
    for (++position_; position_ < input_.size(); ++position_) {
      if (input_[position_] == quote) {
        if (peek(1) != quote) {
          ++position_;
          return finish(std::move(token), quote == '`' ? TokenKind::kColumn : TokenKind::kText);
        }
        ++position_;
      }
      token.text += input_[position_];
    }
    return fail(syntax_error(text_, token.offset, 1,
                             std::string("a quote is never closed: ") + std::string(1, quote)));
  }

  Result<Token> symbol(Token token) {
    constexpr std::array<std::string_view, 20> kSymbols = {"==", "!=", "<=", ">=", "<>", "&&", "||",
                                                           "+",  "-",  "*",  "/",  "%",  "<",  ">",
                                                           "(",  ")",  "[",  "]",  ",",  "="};
    const std::string_view rest = input_.substr(position_);
    const auto* found = std::find_if(kSymbols.begin(), kSymbols.end(),
                                     [&](std::string_view s) { return rest.starts_with(s); });
    std::size_t length = 1;
    if (found != kSymbols.end()) {
      length = found->size();
    } else if (rest[0] != '!') {
      while (length < rest.size() && (rest[length] & 0xC0) == 0x80) ++length;
      return fail(syntax_error(text_, token.offset, length,
                               "unexpected character: " + std::string(rest.substr(0, length))));
    }
    token.text = std::string(rest.substr(0, length));
    for (const Foreign& foreign : kForeign) {
      if (foreign.symbol != token.text) continue;
      return fail(syntax_error(text_, token.offset, length, "no such operator: " + token.text)
                      .with_help(std::string(foreign.help)));
    }
    position_ += length;
    return finish(std::move(token), TokenKind::kSymbol);
  }

  const Text& text_;
  std::string_view input_;
  std::size_t position_ = 0;
};

// Recursive descent, one function a level of precedence, loosest first.
class Parser {
 public:
  explicit Parser(const Text& text) : text_(text), lexer_(text) {}

  Result<Node> parse_all() {
    RTML_TRY(advance());
    if (token_.kind == TokenKind::kEnd) {
      return fail(syntax_error(text_, 0, 1, "it is empty"));
    }
    RTML_TRY_ASSIGN(Node node, parse_or());
    if (token_.kind != TokenKind::kEnd) return unexpected("an operator or the end");
    return node;
  }

 private:
  using Level = Result<Node> (Parser::*)();

  Status advance() {
    RTML_TRY_ASSIGN(token_, lexer_.next());
    return {};
  }

  bool at_symbol(std::string_view symbol) const {
    return token_.kind == TokenKind::kSymbol && token_.text == symbol;
  }
  bool at_word(std::string_view word) const {
    return token_.kind == TokenKind::kName && token_.text == word;
  }
  // The operator at hand if it is one of `names`.
  template <std::size_t N>
  std::optional<Token> operator_of(const std::array<std::string_view, N>& names) const {
    if (token_.kind != TokenKind::kSymbol && token_.kind != TokenKind::kName) return std::nullopt;
    if (std::find(names.begin(), names.end(), token_.text) == names.end()) return std::nullopt;
    return token_;
  }

  tl::unexpected<Error> unexpected(std::string_view wanted) const {
    std::string found = "the end";
    if (token_.kind != TokenKind::kEnd) {
      found = "\"" + std::string(text_.text.substr(token_.offset, token_.length)) + "\"";
    }
    std::string help;
    for (const Foreign& foreign : kForeignWords) {
      if (at_word(foreign.symbol)) help = foreign.help;
    }
    return fail(syntax_error(text_, token_.offset, std::max<std::size_t>(token_.length, 1),
                             "expected " + std::string(wanted) + ", found " + found)
                    .with_help(std::move(help)));
  }

  Result<Node> make(Node node) {
    if (++nodes_ > kMaximumNodes) {
      return fail(syntax_error(text_, node.offset, node.length,
                               "it has more parts than " + std::to_string(kMaximumNodes)));
    }
    return node;
  }

  Result<Node> call(const Token& name, std::string text, std::vector<Node> arguments) {
    Node node;
    node.kind = NodeKind::kCall;
    node.text = std::move(text);
    node.arguments = std::move(arguments);
    node.offset = name.offset;
    node.length = name.length;
    return make(std::move(node));
  }

  template <std::size_t N>
  Result<Node> parse_left(const std::array<std::string_view, N>& operators, Level next) {
    RTML_TRY_ASSIGN(Node left, (this->*next)());
    while (const std::optional<Token> name = operator_of(operators)) {
      RTML_TRY(advance());
      RTML_TRY_ASSIGN(Node right, (this->*next)());
      std::vector<Node> arguments;
      arguments.push_back(std::move(left));
      arguments.push_back(std::move(right));
      RTML_TRY_ASSIGN(left, call(*name, name->text, std::move(arguments)));
    }
    return left;
  }

  Result<Node> parse_or() {
    return parse_left(std::array<std::string_view, 1>{"or"}, &Parser::parse_and);
  }
  Result<Node> parse_and() {
    return parse_left(std::array<std::string_view, 1>{"and"}, &Parser::parse_not);
  }
  Result<Node> parse_not() {
    return parse_prefix("not", "not", &Parser::parse_not, &Parser::parse_comparison);
  }

  Result<Node> parse_prefix(std::string_view symbol, std::string_view name, Level again,
                            Level next) {
    if (!at_symbol(symbol) && !at_word(symbol)) return (this->*next)();
    const Token sign = token_;
    RTML_TRY(enter());
    RTML_TRY(advance());
    if (symbol == "-" && token_.kind == TokenKind::kInteger && token_.is_too_large) {
      --depth_;
      return literal_of_least(sign);
    }
    RTML_TRY_ASSIGN(Node argument, (this->*again)());
    --depth_;
    std::vector<Node> arguments;
    arguments.push_back(std::move(argument));
    return call(sign, std::string(name), std::move(arguments));
  }

  Result<Node> literal_of_least(const Token& sign) {
    Node node;
    node.kind = NodeKind::kInteger;
    node.integer = std::numeric_limits<std::int64_t>::min();
    node.offset = sign.offset;
    node.length = token_.offset + token_.length - sign.offset;
    RTML_TRY(advance());
    return make(std::move(node));
  }

  Result<Node> parse_comparison() {
    constexpr std::array<std::string_view, 6> kOperators = {"==", "!=", "<", "<=", ">", ">="};
    RTML_TRY_ASSIGN(Node left, parse_sum());
    if (at_word("in") || at_word("between") || at_word("not")) return parse_membership(left);
    const std::optional<Token> name = operator_of(kOperators);
    if (!name) return left;
    RTML_TRY(advance());
    std::vector<Node> arguments;
    arguments.push_back(std::move(left));
    RTML_TRY_ASSIGN(Node right, parse_sum());
    arguments.push_back(std::move(right));
    if (operator_of(kOperators)) {
      return fail(syntax_error(text_, token_.offset, token_.length,
                               "comparisons do not chain: " + token_.text)
                      .with_help("write \"a < b and b < c\""));
    }
    return call(*name, name->text, std::move(arguments));
  }

  // x in (a, b), x in list, x between a and b, each maybe with "not" before it.
  Result<Node> parse_membership(Node& left) {
    const Token start = token_;
    const bool is_not = at_word("not");
    if (is_not) RTML_TRY(advance());
    if (!at_word("in") && !at_word("between")) return unexpected("\"in\" or \"between\"");
    const Token name = token_;
    RTML_TRY(advance());
    std::vector<Node> arguments;
    arguments.push_back(std::move(left));
    if (name.text == "in") {
      const bool is_tuple = at_symbol("(");
      RTML_TRY_ASSIGN(Node list, is_tuple ? parse_list(")") : parse_sum());
      arguments.push_back(std::move(list));
    } else {
      RTML_TRY_ASSIGN(Node low, parse_sum());
      arguments.push_back(std::move(low));
      if (!at_word("and")) return unexpected("\"and\"");
      RTML_TRY(advance());
      RTML_TRY_ASSIGN(Node high, parse_sum());
      arguments.push_back(std::move(high));
    }
    RTML_TRY_ASSIGN(Node node, call(name, name.text, std::move(arguments)));
    if (!is_not) return node;
    std::vector<Node> negated;
    negated.push_back(std::move(node));
    return call(start, "not", std::move(negated));
  }

  Result<Node> parse_sum() {
    return parse_left(std::array<std::string_view, 2>{"+", "-"}, &Parser::parse_product);
  }
  Result<Node> parse_product() {
    return parse_left(std::array<std::string_view, 3>{"*", "/", "%"}, &Parser::parse_sign);
  }
  Result<Node> parse_sign() {
    return parse_prefix("-", "negate", &Parser::parse_sign, &Parser::parse_primary);
  }

  Status enter() {
    if (++depth_ <= kMaximumDepth) return {};
    return fail(syntax_error(text_, token_.offset, std::max<std::size_t>(token_.length, 1),
                             "it is nested deeper than " + std::to_string(kMaximumDepth)));
  }

  Result<Node> parse_primary() {
    if (at_symbol("(")) {
      RTML_TRY(enter());
      RTML_TRY(advance());
      RTML_TRY_ASSIGN(Node inner, parse_or());
      if (!at_symbol(")")) return unexpected("\")\"");
      RTML_TRY(advance());
      --depth_;
      return inner;
    }
    if (at_symbol("[")) return parse_list("]");
    const Token token = token_;
    Node node;
    node.offset = token.offset;
    node.length = token.length;
    switch (token.kind) {
      case TokenKind::kName:
        return parse_name(token);
      case TokenKind::kInteger:
        if (token.is_too_large) {
          return fail(syntax_error(text_, token.offset, token.length,
                                   "integer outside INT64: 9223372036854775808"));
        }
        node.kind = NodeKind::kInteger;
        node.integer = token.integer;
        break;
      case TokenKind::kNumber:
        node.kind = NodeKind::kNumber;
        node.number = token.number;
        break;
      case TokenKind::kText:
      case TokenKind::kColumn:
        node.kind = token.kind == TokenKind::kText ? NodeKind::kText : NodeKind::kColumn;
        node.text = token.text;
        break;
      case TokenKind::kSymbol:
      case TokenKind::kEnd:
        return unexpected("a value");
    }
    RTML_TRY(advance());
    return make(std::move(node));
  }

  Result<Node> parse_name(const Token& token) {
    Node node;
    node.offset = token.offset;
    node.length = token.length;
    if (token.text == "and" || token.text == "or") return unexpected("a value");
    RTML_TRY(advance());
    if (token.text == "true" || token.text == "false") {
      node.kind = NodeKind::kBool;
      node.integer = token.text == "true" ? 1 : 0;
      return make(std::move(node));
    }
    if (token.text == "null") return make(std::move(node));
    if (at_symbol("(")) return parse_arguments(token);
    node.kind = NodeKind::kColumn;
    node.text = token.text;
    return make(std::move(node));
  }

  Result<Node> parse_arguments(const Token& name) {
    RTML_TRY_ASSIGN(std::vector<Node> arguments, parse_items(")"));
    return call(name, name.text, std::move(arguments));
  }

  Result<Node> parse_list(std::string_view close) {
    Node node;
    node.kind = NodeKind::kList;
    node.offset = token_.offset;
    RTML_TRY_ASSIGN(node.arguments, parse_items(close));
    node.length = last_end_ - node.offset;
    return make(std::move(node));
  }

  // Reads from the opening bracket at hand to behind the closing one.
  Result<std::vector<Node>> parse_items(std::string_view close) {
    RTML_TRY(enter());
    RTML_TRY(advance());
    std::vector<Node> items;
    while (!at_symbol(close)) {
      if (!items.empty()) {
        if (!at_symbol(",")) return unexpected("\",\" or \"" + std::string(close) + "\"");
        RTML_TRY(advance());
      }
      RTML_TRY_ASSIGN(Node item, parse_or());
      items.push_back(std::move(item));
    }
    last_end_ = token_.offset + token_.length;
    RTML_TRY(advance());
    --depth_;
    return items;
  }

  const Text& text_;
  Lexer lexer_;
  Token token_;
  std::size_t last_end_ = 0;  // Of the last list, behind its closing bracket.
  int depth_ = 0;
  std::size_t nodes_ = 0;
};

void collect_columns(const Node& node, std::vector<std::string>& names) {
  if (node.kind == NodeKind::kColumn &&
      std::find(names.begin(), names.end(), node.text) == names.end()) {
    names.push_back(node.text);
  }
  for (const Node& argument : node.arguments) collect_columns(argument, names);
}

}  // namespace

Result<Node> parse(const Text& text) {
  if (text.text.size() > kMaximumLength) {
    return fail(syntax_error(text, 0, 1,
                             "it is longer than " + std::to_string(kMaximumLength) +
                                 " bytes: " + std::to_string(text.text.size())));
  }
  return Parser(text).parse_all();
}

SourceLocation locate(const Text& text, std::size_t offset, std::size_t length) {
  SourceLocation location = text.origin;
  if (location.file.empty() && location.line == 0) {
    location.file = "expression";
    location.line = 1;
    location.column = 1;
    location.line_text = std::string(text.text);
  }
  const auto start = static_cast<std::size_t>(std::max(location.column - 1, 0));
  const std::string_view before = text.text.substr(0, std::min(offset + length, text.text.size()));
  // A quoted or folded scalar may be written otherwise than it reads.
  if (location.line_text.size() < start ||
      std::string_view(location.line_text).substr(start, before.size()) != before) {
    return location;
  }
  location.column += static_cast<int>(offset);
  location.length = static_cast<int>(length);
  return location;
}

bool is_same(const Node& a, const Node& b) {
  return a.kind == b.kind && a.integer == b.integer && a.number == b.number && a.text == b.text &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(),
                    is_same);
}

std::vector<std::string> column_names(const Node& node) {
  std::vector<std::string> names;
  collect_columns(node, names);
  return names;
}

}  // namespace rtml::expression
