#include "core/plan/check_views.h"

#include <utility>

#include "core/dataset/source_set.h"
#include "core/expression/syntax.h"
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
  std::vector<std::string> warnings;
  std::vector<Error> errors;
  dataset::SourceSet sources(context);
  for (const project::FeatureView& view : context.project.views()) {
    const project::Source& source = context.project.source_of(view);
    if (auto opened = sources.open(source); !opened && has_no_data(opened.error())) {
      check_syntax(view, errors);
      warnings.push_back("view " + view.name +
                         " is not checked against its source: " + opened.error().message());
      continue;
    }
    if (auto program = sources.compile(view); !program) {
      flatten(std::move(program).error(), errors);
    }
  }
  if (!errors.empty()) return fail(Error::many(std::move(errors)));
  return warnings;
}

}  // namespace rtml::plan
