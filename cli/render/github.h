// What GitHub Actions reads: workflow commands for annotations, the step summary, step outputs.
//
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/report.h"
#include "core/base/error.h"
#include "core/base/result.h"

namespace rtml::cli {

// The single errors as findings, so that they can be shown where findings are.
std::vector<Finding> findings_of(const Error& error);

// "::error file=…,line=…,col=…,title=…::message", one line for each finding but passes. GitHub
// keeps ten of each level a step: the first ten are written and one line counts the rest.
// A relative file is taken to be below `root`; files below `workspace` are named relative to it.
std::string render_annotations(const std::vector<Finding>& findings,
                               const std::filesystem::path& root,
                               const std::filesystem::path& workspace);

// "::warning::message"
std::string warning_annotation(std::string_view message);

// The sections as Markdown below a heading, cut at 900 KiB (GitHub takes 1 MiB a step).
std::string render_markdown(std::string_view title, const std::vector<Section>& sections);

// The lines for $GITHUB_OUTPUT. A value of several lines stands between delimiters that a value
// cannot guess.
std::string render_outputs(const std::vector<std::pair<std::string, std::string>>& outputs);

// Appends to a file that the runner gave. Fails with kIo.
Status append_to(const std::string& file, std::string_view text);

}  // namespace rtml::cli
