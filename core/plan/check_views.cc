#include "core/plan/check_views.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/dataset/source_set.h"
#include "core/expression/syntax.h"
#include "core/feature/on_demand.h"
#include "core/project/project.h"

namespace rtml::plan {
namespace {

bool has_no_data(const Error& error) {
  return error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kDataEmpty ||
         error.code() == ErrorCode::kUnsupported;
}

void check_syntax(const project::FeatureView& view, std::vector<Error>& errors) {
  for (const project::Feature& feature : view.features) {
    for (const project::LocatedText* text :
         {&feature.aggregate, &feature.filter, &feature.expression}) {
      if (text->empty()) continue;
      if (auto node = expression::parse({text->text, text->location}); !node) {
        errors.push_back(std::move(node).error());
      }
    }
  }
}

void flatten(Error error, std::vector<Error>& errors) {
  if (error.parts().empty()) return errors.push_back(std::move(error));
  for (const Error& part : error.parts()) flatten(part, errors);
}

}  // namespace

Result<std::vector<std::string>> check_views(const dataset::BuildContext& context) {
  std::map<std::string, std::string> unchecked;  // Views by source.
  std::set<std::string> broken;                  // Sources whose error was told.
  std::vector<Error> errors;
  dataset::SourceSet sources(context);
  for (const project::FeatureView* view : context.project.views_in_use()) {
    const project::Source& source = context.project.source_of(*view);
    if (auto opened = sources.open(source); opened) {
      if (auto program = sources.compile(*view); !program) {
        flatten(std::move(program).error(), errors);
      }
      continue;
    } else if (!has_no_data(opened.error())) {
      if (broken.insert(source.label()).second) flatten(std::move(opened).error(), errors);
    } else {
      std::string& views = unchecked[source.name];
      views += (views.empty() ? "" : ", ") + view->name;
    }
    check_syntax(*view, errors);
  }
  std::vector<const project::OnDemandView*> on_demand;
  for (const project::OnDemandView& view : context.project.on_demand_views()) {
    on_demand.push_back(&view);
  }
  for (const project::FeatureService& service : context.project.services()) {
    for (const auto& column : context.project.selection_of(service).on_demand) {
      if (std::find(on_demand.begin(), on_demand.end(), column.view) == on_demand.end()) {
        on_demand.push_back(column.view);
      }
    }
  }
  for (const project::OnDemandView* view : on_demand) {
    if (auto program = feature::OnDemandProgram::compile(*view, context.project.inputs_of(*view));
        !program) {
      flatten(std::move(program).error(), errors);
    }
  }
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  std::vector<std::string> warnings;
  for (const auto& [source, views] : unchecked) {
    warnings.push_back("source " + source + " has no data to check against; only parsed: " + views);
  }
  return warnings;
}

}  // namespace rtml::plan
