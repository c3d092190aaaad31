#include "cli/commands/feature/show.h"

#include <algorithm>

#include "cli/commands/feature/plan_report.h"
#include "cli/session.h"
#include "core/base/text_list.h"
#include "core/base/time.h"
#include "core/project/identity.h"

namespace rtml::cli::commands {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "NAME",
     .value = "NAME[@vN]",
     .help = "A feature view or a feature service, or a version of one",
     .required = true,
     .completion = Completion::kView},
};

constexpr Example kExamples[] = {
    {.command = "rtml feature show user_activity", .says = "Show a view with its features"},
    {.command = "rtml feature show users --output json", .says = "Show a service as JSON"},
};

std::string how(const project::Feature& feature) {
  switch (feature.form) {
    case project::FeatureForm::kColumn:
      return "column " + feature.column;
    case project::FeatureForm::kExpression:
      return feature.expression.text;
    case project::FeatureForm::kAggregate:
      break;
  }
  const std::string of = feature.source.empty() ? "" : " of " + feature.source.text;
  const std::string where = feature.filter.empty() ? "" : " where " + feature.filter.text;
  return feature.aggregate.text + of + where;
}

// "7d resolution 1h", "tumbling 1d offset 6h": what is written of it, what is left out by default.
std::string window_text(const project::Feature& feature) {
  if (feature.form != project::FeatureForm::kAggregate) return "";
  if (!feature.window) return "lifetime";
  const project::Window& window = *feature.window;
  std::string text;
  const auto add = [&](std::string_view words) {
    if (!text.empty()) text += ' ';
    text += words;
  };
  const auto add_duration = [&](const char* word, std::int64_t duration_us) {
    if (duration_us != 0) add(word + format_duration(duration_us));
  };
  if (window.kind != project::WindowKind::kSliding) add(to_string(window.kind));
  add_duration("", window.size_us);
  add_duration("gap ", window.gap_us);
  if (window.max_length_us != project::Window().max_length_us) {
    add_duration("max_length ", window.max_length_us);
  }
  add_duration("resolution ", window.resolution_us);
  add_duration("offset ", window.offset_us);
  add_duration("delayed by ", window.delay_us);
  if (window.bounds == project::WindowBounds::kClosedOpen) add("closed-open");
  if (window.partial) add("partial");
  if (window.closed) add("closed");
  return text;
}

// The versions of the registry, newest last, as "v1, v2 (current)". `name` may be one of them.
void add_versions(Report& report, Fields& fields, const plan::Registered& registered,
                  std::string_view kind, const std::string& name, const std::string& identity) {
  Json versions = Json::array();
  std::string text;
  for (const registry::Definition& definition : registered.all) {
    if (definition.kind != kind || definition.name != project::plain_name(name)) continue;
    versions.push_back({{"version", definition.label()},
                        {"identity", definition.identity},
                        {"current", definition.current},
                        {"created", format_timestamp(definition.created_us)}});
    if (!text.empty()) text += ", ";
    text += definition.label();
    if (definition.current) text += " (current)";
    if (definition.retired) text += " (retired)";
    if (definition.identity == identity && !project::names_version(name)) {
      text += " (as in the project)";
    }
  }
  report.data["versions"] = std::move(versions);
  fields.rows.emplace_back("versions", text.empty() ? "none, see \"rtml feature apply\"" : text);
}

void add_text(Fields& fields, const char* name, const std::string& text) {
  if (!text.empty()) fields.rows.emplace_back(name, text);
}

std::string place_of(const SourceLocation& location) {
  return location.file + ":" + std::to_string(location.line);
}

// What every page begins with: which definition, what it says of itself, where it stands.
template <typename Definition>
Fields begin(Report& report, std::string_view kind, const Definition& definition,
             const std::string& identity) {
  report.data["kind"] = kind;
  report.data["name"] = definition.name;
  report.data["description"] = definition.notes.description;
  report.data["owner"] = definition.notes.owner;
  report.data["tags"] = definition.notes.tags;
  report.data["identity"] = identity;
  report.data["definition"] = project::canonical(definition);
  Fields fields;
  fields.rows.emplace_back(std::string(kind), Text(definition.name, Tone::kStrong));
  add_text(fields, "description", definition.notes.description);
  add_text(fields, "owner", definition.notes.owner);
  add_text(fields, "tags", text_list(definition.notes.tags, [](const auto& tag) {
             return tag.first + "=" + tag.second;
           }));
  fields.rows.emplace_back("defined in", project::names_version(definition.name)
                                             ? "the registry"
                                             : place_of(definition.location));
  return fields;
}

// The table of a view's features, with what they say of themselves where one does.
void add_features(Report& report, Table table, const std::vector<project::Feature>& features) {
  if (std::ranges::any_of(features, [](const auto& each) { return !each.description.empty(); })) {
    table.columns.push_back({"description"});
    for (std::size_t i = 0; i < features.size(); ++i) {
      table.rows[i].push_back(features[i].description);
    }
  }
  report.add(std::move(table));
}

// The fields that end with what the registry knows.
void end(Report& report, Fields fields, const plan::Registered& registered,
         const std::string& identity) {
  fields.rows.emplace_back("identity", identity);
  add_versions(report, fields, registered, report.data["kind"].get<std::string>(),
               report.data["name"].get<std::string>(), identity);
  report.add(std::move(fields));
}

Report show_view(const project::FeatureView& view, const project::Project& project,
                 const plan::Registered& registered) {
  Report report;
  const std::string identity = project::identity(project, view);
  Fields fields = begin(report, "feature_view", view, identity);
  fields.rows.emplace_back("entities", view.entities.empty() ? "none" : text_list(view.entities));
  fields.rows.emplace_back(view.sources.size() == 1 ? "source" : "sources",
                           text_list(view.sources, &project::LocatedText::text));
  fields.rows.emplace_back("ttl", view.ttl_us == 0 ? "for ever" : format_duration(view.ttl_us));
  const auto uses_view = [&](const project::ServiceItem& item) {
    return item.definition() == view.name;
  };
  std::vector<std::string> services;
  for (const project::FeatureService& service : project.services()) {
    if (std::ranges::any_of(service.features, uses_view)) services.push_back(service.name);
  }
  std::vector<std::string> on_demand_views;
  for (const project::OnDemandView& reader : project.on_demand_views()) {
    if (std::ranges::any_of(reader.inputs, uses_view)) on_demand_views.push_back(reader.name);
  }
  report.data["services"] = services;
  report.data["on_demand_views"] = on_demand_views;
  add_text(fields, "services", text_list(services));
  add_text(fields, "on-demand views", text_list(on_demand_views));
  end(report, std::move(fields), registered, identity);
  Table table;
  table.columns = {{"feature"}, {"type"}, {"computed as"}, {"window"}};
  for (const project::Feature& feature : view.features) {
    table.rows.push_back(
        {feature.name, table::to_string(feature.type), how(feature), window_text(feature)});
  }
  add_features(report, std::move(table), view.features);
  return report;
}

// Items as they are written; those of a version with the number of what they meant then.
std::string listed(const std::vector<project::ServiceItem>& items) {
  return text_list(items, [](const project::ServiceItem& item) {
    const std::string& view = project::names_version(item.view) ? item.view : item.definition();
    return item.feature.empty() ? view : view + ":" + item.feature;
  });
}

Report show_on_demand_view(const project::OnDemandView& view, const project::Project& project,
                           const plan::Registered& registered) {
  Report report;
  const std::string identity = project::identity(project, view);
  Fields fields = begin(report, "on_demand_view", view, identity);
  const auto column = [](const table::Field& field) {
    return field.name + " " + table::to_string(field.type);
  };
  fields.rows.emplace_back("request",
                           view.request.empty() ? "nothing" : text_list(view.request, column));
  fields.rows.emplace_back("inputs", view.inputs.empty() ? "none" : listed(view.inputs));
  end(report, std::move(fields), registered, identity);
  Table table;
  table.columns = {{"feature"}, {"type"}, {"computed as"}};
  for (const project::Feature& feature : view.features) {
    table.rows.push_back({feature.name, table::to_string(feature.type), feature.expression.text});
  }
  add_features(report, std::move(table), view.features);
  return report;
}

Report show_service(const project::FeatureService& service, const project::Project& project,
                    const plan::Registered& registered) {
  Report report;
  const std::string identity = project::identity(project, service);
  Fields fields = begin(report, "feature_service", service, identity);
  end(report, std::move(fields), registered, identity);
  Table table;
  table.columns = {{"column"}, {"type"}, {"view"}};
  report.data["columns"] = Json::array();
  const auto add = [&](const auto& column) {
    const std::string type = table::to_string(column.feature->type);
    report.data["columns"].push_back({{"name", column.name},
                                      {"type", type},
                                      {"view", column.view->name},
                                      {"feature", column.feature->name}});
    table.rows.push_back({column.name, type, column.view->name});
  };
  const project::FeatureSelection selection = project.selection_of(service);
  for (const project::ServiceColumn& column : selection.features) add(column);
  for (const project::OnDemandColumn& column : selection.on_demand) add(column);
  report.add(std::move(table));
  return report;
}

// The name under which the project knows what is to be shown. A retired version is shown too.
Result<std::string> find_name(const std::string& name, const project::Project& project,
                              const plan::Registered& registered) {
  for (const registry::Definition& definition : registered.all) {
    if (definition.label() != name) continue;
    if (definition.kind == "feature_service") {
      return project.recorded_service(definition.name, definition.identity);
    }
    if (definition.kind != "feature_view" && definition.kind != "on_demand_view") continue;
    return project.recorded_view(definition.name, definition.identity);
  }
  // Views and services share their names, and this words the refusal for both.
  const std::string references[] = {name};
  RTML_TRY(project.select_features(references, false));
  return name;
}

Result<Report> run(const Arguments& arguments, Session& session) {
  const std::string& wanted = arguments.text("NAME");
  RTML_TRY_ASSIGN(const project::Project* project, session.project());
  RTML_TRY_ASSIGN(const plan::Registered registered, read_registered(session));
  RTML_TRY_ASSIGN(const std::string name, find_name(wanted, *project, registered));
  if (name.find(':') != std::string::npos) {
    return fail(Error(ErrorCode::kUsage, "not a view or a service: " + name)
                    .with_help("name the view without its feature"));
  }
  if (const auto view = project->find_view(name)) return show_view(**view, *project, registered);
  if (const auto view = project->find_on_demand_view(name)) {
    return show_on_demand_view(**view, *project, registered);
  }
  RTML_TRY_ASSIGN(const project::FeatureService* service, project->find_service(name));
  return show_service(*service, *project, registered);
}

}  // namespace

constinit const CommandSpec kFeatureShow{
    .path = "feature show",
    .summary = "Show a feature view or service",
    .description =
        "How each feature is computed, who uses it, and the versions in the registry. With "
        "NAME@vN, that version, as the registry keeps it.",
    .needs = Needs::kProject,
    .options = kOptions,
    .examples = kExamples,
    .run = run,
};

}  // namespace rtml::cli::commands
