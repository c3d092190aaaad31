#include "cli/front_end.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/parser/parser.h"
#include "cli/render/json.h"
#include "cli/render/output.h"
#include "cli/render/text.h"
#include "cli/session.h"
#include "cli/ticking_clock.h"
#include "core/base/time.h"

namespace rtml::cli {
namespace {

int status_of(ExitClass exit) {
  return static_cast<int>(exit);
}

// One run of the program.
class FrontEnd {
 public:
  FrontEnd(std::span<const std::string> words, const Environment& environment,
           const CancelFlag& cancel)
      : words_(words),
        environment_(environment),
        cancel_(cancel),
        presentation_(presentation_of(words)),
        out_style_(style_for(::isatty(STDOUT_FILENO) == 1, presentation_.color, environment)),
        error_style_(style_for(::isatty(STDERR_FILENO) == 1, presentation_.color, environment)) {}

  int run() {
    auto invocation = parse_command_line(words_);
    if (!invocation) return finish_with(invocation.error());
    if (invocation->command == nullptr || invocation->wants_help) return show_help(*invocation);
    command_ = invocation->command;
    auto report = run_command(invocation->arguments);
    if (!report) return finish_with(report.error());
    return finish_with(*report, invocation->arguments);
  }

 private:
  int show_help(const Invocation& invocation) {
    if (invocation.command != nullptr) return print(command_page(*invocation.command));
    if (invocation.noun.empty()) return print(overview_page());
    if (invocation.wants_help) return print(noun_page(invocation.noun));
    return finish_with(Error(ErrorCode::kUsage, "a command must follow: rtml " + invocation.noun)
                           .with_help("\"rtml help " + invocation.noun + "\" lists its commands"));
  }

  Result<Report> run_command(const Arguments& arguments) {
    if (arguments.has("--directory")) {
      std::error_code error;
      std::filesystem::current_path(arguments.text("--directory"), error);
      if (error) {
        return fail(ErrorCode::kUsage,
                    "cannot work in " + arguments.text("--directory") + ": " + error.message());
      }
    }
    RTML_TRY_ASSIGN(const std::unique_ptr<Clock> test_clock, make_test_clock());
    NoProgress progress;
    Session session(environment_, test_clock ? *test_clock : system_clock(), cancel_, progress);
    StandardOutput output;
    session.set_output(output);
    session.set_overrides({.config_settings = arguments.list("--set")});
    if (command_->needs != Needs::kNothing) RTML_TRY(session.project_root());
    RTML_TRY_ASSIGN(Report report, command_->run(arguments, session));
    RTML_TRY(cancel_.check());
    return report;
  }

  // The clock of RTML_TEST_CLOCK, or null for the system's.
  Result<std::unique_ptr<Clock>> make_test_clock() const {
    const auto start = environment_.get_non_empty("RTML_TEST_CLOCK");
    if (!start) return nullptr;
    RTML_TRY_ASSIGN(const std::int64_t start_us, parse_timestamp(*start));
    return std::make_unique<TickingClock>(start_us);
  }

  int finish_with(const Report& report, const Arguments& arguments) {
    for (const std::string& warning : report.warnings) {
      (void)write_all(STDERR_FILENO, render_warning(warning, error_style_));
    }
    const int status = report.streamed ? 0 : print(rendered(report));
    if (status != 0) return status;
    if (report.exit == ExitClass::kFinding && arguments.flag("--exit-zero")) return 0;
    return status_of(report.exit);
  }

  std::string rendered(const Report& report) const {
    switch (presentation_.format) {
      case OutputFormat::kJson:
        return render_json(report, command_->path);
      case OutputFormat::kJsonl:
        return render_jsonl(report, command_->path);
      default:
        return render_text(report.sections, out_style_);
    }
  }

  int print(const std::vector<Section>& sections) {
    return print(render_text(sections, out_style_));
  }

  // Writes results. Returns 0, also when the reader went away: that is how `| head` ends.
  int print(const std::string& text) {
    if (write_all(STDOUT_FILENO, text) != WriteOutcome::kFailed) return 0;
    return finish_with(Error(
        ErrorCode::kIo, std::string("cannot write to standard output: ") + std::strerror(errno)));
  }

  int finish_with(const Error& error) {
    const std::string_view path = command_ != nullptr ? command_->path : std::string_view();
    std::string text;
    switch (presentation_.format) {
      case OutputFormat::kJson:
        text = to_indented_json_text(error_document(error, path)) + '\n';
        break;
      case OutputFormat::kJsonl:
        text = to_json_text(error_document(error, path)) + '\n';
        break;
      default:
        text = render_error(error, error_style_);
    }
    // Nothing can be said about a standard error that cannot be written.
    (void)write_all(STDERR_FILENO, text);
    return status_of(error.exit_class());
  }

  std::span<const std::string> words_;
  const Environment& environment_;
  const CancelFlag& cancel_;
  Presentation presentation_;
  Style out_style_;
  Style error_style_;
  const CommandSpec* command_ = nullptr;
};

}  // namespace

int run_front_end(std::span<const std::string> words, const Environment& environment,
                  const CancelFlag& cancel) {
  return FrontEnd(words, environment, cancel).run();
}

}  // namespace rtml::cli
