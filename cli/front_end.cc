#include "cli/front_end.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "cli/completion/complete.h"
#include "cli/confirmation.h"
#include "cli/generate/generate.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/parser/parser.h"
#include "cli/render/github.h"
#include "cli/render/json.h"
#include "cli/render/junit.h"
#include "cli/render/output.h"
#include "cli/render/progress.h"
#include "cli/render/sarif.h"
#include "cli/render/text.h"
#include "cli/session.h"
#include "cli/ticking_clock.h"
#include "core/base/log.h"
#include "core/base/time.h"

namespace rtml::cli {
namespace {

constexpr std::int64_t kTerminalIntervalMs = 100;
constexpr std::int64_t kPlainIntervalMs = 30'000;

int status_of(ExitClass exit) {
  return static_cast<int>(exit);
}

// Messages are lost rather than fail the command where standard error cannot be written.
void write_to_standard_error(std::string_view text) {
  (void)write_all(STDERR_FILENO, text);
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
    if (!words_.empty() && words_.front() == "__complete") return complete_words();
    configure_log();
    if (words_.size() == 2 && words_.front() == "__generate") return generate(words_[1]);
    auto invocation = parse_command_line(words_);
    if (!invocation) return finish_with(invocation.error());
    if (invocation->command == nullptr || invocation->wants_help) return show_help(*invocation);
    command_ = invocation->command;
    auto report = run_command(invocation->arguments);
    if (!report) return finish_with(report.error());
    return finish_with(*report, invocation->arguments);
  }

 private:
  // For the completion scripts: says nothing but names, whatever goes wrong.
  int complete_words() {
    log::configure({.least = log::Level::kError, .format = {}});
    NoProgress progress;
    Session session(environment_, system_clock(), cancel_, progress);
    print_completions(words_.subspan(1), session);
    return 0;
  }

  // For scripts/generate.
  int generate(const std::string& directory) {
    const Status written = write_generated_files(directory);
    return written ? 0 : finish_with(written.error());
  }

  int show_help(const Invocation& invocation) {
    if (invocation.command != nullptr) return print_page(command_page(*invocation.command));
    if (invocation.noun.empty()) return print_page(overview_page());
    if (invocation.wants_help) return print_page(noun_page(invocation.noun));
    return finish_with(Error(ErrorCode::kUsage, "a command must follow: rtml " + invocation.noun)
                           .with_help("\"rtml help " + invocation.noun + "\" lists its commands"));
  }

  void configure_log() const {
    log::Options options;
    if (presentation_.quiet) options.least = log::Level::kError;
    if (presentation_.verbose) options.least = log::Level::kDebug;
    options.format = [json = presentation_.log_as_json, style = error_style_](
                         log::Level level, std::string_view message) {
      if (json) {
        return to_json_text({{"time", format_timestamp(system_clock().now_us())},
                             {"level", log::to_string(level)},
                             {"message", message}});
      }
      if (level == log::Level::kWarning && style.in_actions) return warning_annotation(message);
      const Tone tone = level == log::Level::kWarning ? Tone::kWarning : Tone::kFaint;
      return painted(std::string(log::to_string(level)) + ":", tone, style) + " " +
             printable(message, style);
    };
    log::configure(std::move(options));
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
    const std::unique_ptr<Progress> progress = make_progress();
    Session session(environment_, test_clock ? *test_clock : system_clock(), cancel_, *progress);
    StandardOutput output;
    session.set_output(output);
    session.set_overrides({.config_settings = arguments.list("--set")});
    if (command_->needs != Needs::kNothing) RTML_TRY(session.project_root());
    root_ = session.project_root().value_or(std::filesystem::path());
    if (command_->asks_confirmation && !arguments.flag("--yes") && !arguments.flag("--dry-run")) {
      RTML_TRY(confirm(*command_, words_));
    }
    auto report = command_->run(arguments, session);
    progress->end();
    if (report && !report->is_stopped_in_order) RTML_TRY(cancel_.check());
    return report;
  }

  // The clock of RTML_TEST_CLOCK, or null for the system's.
  Result<std::unique_ptr<Clock>> make_test_clock() const {
    const auto start = environment_.get_non_empty("RTML_TEST_CLOCK");
    if (!start) return nullptr;
    RTML_TRY_ASSIGN(const std::int64_t start_us, parse_timestamp(*start));
    return std::make_unique<TickingClock>(start_us);
  }

  std::unique_ptr<Progress> make_progress() const {
    if (presentation_.quiet) return std::make_unique<NoProgress>();
    const bool renews = error_style_.terminal && environment_.get("TERM") != "dumb";
    return std::make_unique<ProgressLine>(
        ProgressLine::Options{.terminal = renews,
                              .interval_ms = renews ? kTerminalIntervalMs : kPlainIntervalMs,
                              .write = write_to_standard_error});
  }

  int finish_with(const Report& report, const Arguments& arguments) {
    for (const std::string& warning : report.warnings) log::warning(warning);
    // The runner's files are written even if nobody reads standard output.
    const Status shared = share_with_actions(report);
    const int status = report.streamed ? 0 : print(rendered(report));
    if (status != 0) return status;
    if (!shared) return finish_with(shared.error());
    if (report.exit == ExitClass::kFinding && arguments.flag("--exit-zero")) return 0;
    return status_of(report.exit);
  }

  std::string rendered(const Report& report) const {
    switch (presentation_.format) {
      case OutputFormat::kText:
        return render_text(report.sections, out_style_);
      case OutputFormat::kJson:
        return safe_for_actions(render_json(report, command_->path), out_style_);
      case OutputFormat::kJsonl:
        return safe_for_actions(render_jsonl(report, command_->path), out_style_);
      case OutputFormat::kJunit:
        return render_junit(report, command_->path);
      case OutputFormat::kSarif:
        return render_sarif(report);
      case OutputFormat::kGithub:
        return render_annotations(report.findings, root_, workspace());
    }
    return "";
  }

  // In GitHub Actions: annotations on standard error, which leaves standard output to the result,
  // the step summary, and the step's outputs.
  Status share_with_actions(const Report& report) const {
    if (!out_style_.in_actions) return {};
    if (presentation_.format != OutputFormat::kGithub) {
      write_to_standard_error(render_annotations(report.findings, root_, workspace()));
    }
    const auto summary = environment_.get_non_empty("GITHUB_STEP_SUMMARY");
    if (summary && (command_->reports_findings || command_->changes_something)) {
      RTML_TRY(append_to(*summary,
                         render_markdown("rtml " + std::string(command_->path), report.sections)));
    }
    const auto outputs = environment_.get_non_empty("GITHUB_OUTPUT");
    if (outputs && !report.outputs.empty()) {
      RTML_TRY(append_to(*outputs, render_outputs(report.outputs)));
    }
    return {};
  }

  std::filesystem::path workspace() const {
    return environment_.get("GITHUB_WORKSPACE").value_or("");
  }

  int print_page(const std::vector<Section>& sections) {
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
    const Json document = error_document(error, path);
    switch (presentation_.format) {
      case OutputFormat::kJson:
        write_to_standard_error(safe_for_actions(to_indented_json_text(document), error_style_) +
                                "\n");
        break;
      case OutputFormat::kJsonl:
        write_to_standard_error(safe_for_actions(to_json_text(document), error_style_) + "\n");
        break;
      case OutputFormat::kText:
        write_to_standard_error(render_error(error, error_style_));
        break;
      case OutputFormat::kJunit:
      case OutputFormat::kSarif:
      case OutputFormat::kGithub:
        write_to_standard_error(render_error(error, error_style_));
        write_errors_as_findings(error);
    }
    if (error_style_.in_actions) annotate(error);
    return status_of(error.exit_class());
  }

  // Whoever asked for a list of findings gets the errors as one: what is wrong in a project's files
  // then shows beside their lines.
  void write_errors_as_findings(const Error& error) const {
    if (command_ == nullptr) return;
    Report report;
    report.findings = findings_of(error);
    (void)write_all(STDOUT_FILENO, rendered(report));
  }

  void annotate(const Error& error) const {
    if (presentation_.format != OutputFormat::kGithub) {
      write_to_standard_error(render_annotations(findings_of(error), root_, workspace()));
    }
    const auto summary = environment_.get_non_empty("GITHUB_STEP_SUMMARY");
    if (!summary || command_ == nullptr) return;
    const std::vector<Section> sections = {Verbatim{render_error(error, Style{})}};
    // The error itself is already on its way; a summary that cannot be written adds nothing.
    (void)append_to(*summary,
                    render_markdown("rtml " + std::string(command_->path) + " failed", sections));
  }

  std::span<const std::string> words_;
  const Environment& environment_;
  const CancelFlag& cancel_;
  Presentation presentation_;
  Style out_style_;
  Style error_style_;
  const CommandSpec* command_ = nullptr;
  std::filesystem::path root_;
};

}  // namespace

int run_front_end(std::span<const std::string> words, const Environment& environment,
                  const CancelFlag& cancel) {
  return FrontEnd(words, environment, cancel).run();
}

}  // namespace rtml::cli
