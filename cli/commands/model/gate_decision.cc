#include "cli/commands/model/gate_decision.h"

#include "cli/commands/model/version_report.h"
#include "cli/session.h"

namespace rtml::cli {
namespace {

std::string interval_text(const Json& comparison) {
  if (!comparison.contains("interval")) return "-";
  const Json& interval = comparison["interval"];
  return value_text(interval["low"]) + " to " + value_text(interval["high"]);
}

Tone tone_of(const std::string& outcome) {
  if (outcome == "pass") return Tone::kGood;
  return outcome == "fail" ? Tone::kBad : Tone::kWarning;
}

Finding::Level level_of(const std::string& outcome) {
  if (outcome == "pass") return Finding::Level::kPass;
  return outcome == "fail" ? Finding::Level::kFailure : Finding::Level::kWarning;
}

std::string number_or_dash(const Json& value) {
  return value.is_null() ? "-" : value_text(value);
}

}  // namespace

Result<gate::Verdict> ask_gate(const gate::RunGateRequest& request, registry::Change* change,
                               Session& session) {
  RTML_TRY_ASSIGN(const registry::Registry* registry, session.registry());
  RTML_TRY_ASSIGN(plugin::PluginHost * plugins, session.plugins());
  RTML_TRY_ASSIGN(gate::Verdict verdict,
                  gate::judge_run(request, {*registry, *plugins, session.cancel()}));
  change->evidence = verdict.evidence();
  return verdict;
}

Result<registry::Answer> record_gate_refusal(std::string_view decision, const std::string& model,
                                             const Json& subject,
                                             const registry::Registry& registry,
                                             const registry::Change& change) {
  return registry.change(change, [&](registry::Transaction& transaction) -> Result<Json> {
    RTML_TRY(transaction.record_refusal(decision, model, subject));
    Json answer = subject;
    answer["refused"] = true;
    answer["gate"] = change.evidence;
    return answer;
  });
}

void add_gate_evidence(Report& report, const Json& evidence) {
  if (evidence.is_null()) return;
  Table table;
  const std::string metric = evidence["metric"].get<std::string>();
  table.columns = {{"compared with"},   {metric, true},    {"candidate", true},
                   {"better by", true}, {"95 % interval"}, {"gate"}};
  for (const Json& comparison : evidence["comparisons"]) {
    const std::string outcome = comparison["outcome"].get<std::string>();
    const std::string name = comparison["name"].get<std::string>();
    table.rows.push_back({name, number_or_dash(comparison["value"]),
                          number_or_dash(evidence["candidate"]),
                          number_or_dash(comparison["difference"]), interval_text(comparison),
                          Text(outcome, tone_of(outcome))});
    report.findings.push_back({.level = level_of(outcome),
                               .rule = "gate/" + metric,
                               .subject = name,
                               .message = comparison["reason"].get<std::string>()});
  }
  report.suite = "gate";
  if (!table.rows.empty()) report.add(std::move(table));
}

Report gate_refusal_report(const Json& answer, std::string_view what, const RegistryChange& change,
                           bool repeated) {
  Report report;
  report.data = answer;
  add_change_outcome(report, change, repeated);
  const Json& evidence = answer["gate"];
  const bool failed = evidence["outcome"] == "fail";
  report.line(std::string(change.change.dry_run ? "would not be " : "not ") + std::string(what) +
                  (failed ? ": the gate failed: " : ": the gate cannot tell: ") +
                  evidence["reason"].get<std::string>(),
              failed ? Tone::kBad : Tone::kWarning);
  add_gate_evidence(report, evidence);
  if (repeated) report.line("done before under this idempotency key", Tone::kFaint);
  report.outputs = {{"gate", evidence["outcome"].get<std::string>()}};
  report.exit = failed ? ExitClass::kFinding : ExitClass::kFailed;
  return report;
}

}  // namespace rtml::cli
