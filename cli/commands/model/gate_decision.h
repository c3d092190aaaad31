// The gate in front of a registration or promotion: asked before the change, its figures in the
// event, whatever it says.

#pragma once

#include <string>
#include <string_view>

#include "cli/registry_change.h"
#include "cli/report.h"
#include "core/base/result.h"
#include "core/gate/run_gate.h"

namespace rtml::cli {

class Session;

// Asks the gate and makes its figures the evidence of `change`. Fails as gate::judge_run() does.
Result<gate::Verdict> ask_gate(const gate::RunGateRequest& request, registry::Change* change,
                               Session& session);

// Notes in the log that the gate did not pass, and answers {"refused": true, "gate", …} with the
// members of `subject`, which names what was asked for. `decision` as in record_refusal().
Result<registry::Answer> record_gate_refusal(std::string_view decision, const std::string& model,
                                             const Json& subject,
                                             const registry::Registry& registry,
                                             const registry::Change& change);

// Adds the comparisons of the gate's evidence as a table and as findings; nothing if it is null.
void add_gate_evidence(Report& report, const Json& evidence);

// What a command reports that the gate refused: the reason, the comparisons, exit 3 for a candidate
// that failed and 1 where the gate cannot tell. `what` is "registered" or "promoted".
Report gate_refusal_report(const Json& answer, std::string_view what, const RegistryChange& change,
                           bool repeated);

}  // namespace rtml::cli
