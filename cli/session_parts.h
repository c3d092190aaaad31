// What a Session has opened so far.
//
// Each accessor of Session stands in a file of its own: the linker then takes into a program only
// the rooms that its commands use. The pointers are shared ones because those delete what they
// hold without its definition.

#pragma once

#include <filesystem>
#include <memory>

#include "cli/session.h"

namespace rtml::cli {

struct Session::Parts {
  std::filesystem::path root;
  std::shared_ptr<config::Config> config;
  std::shared_ptr<project::Project> project;
  std::shared_ptr<registry::Registry> registry;
  std::shared_ptr<plugin::PluginHost> plugins;
};

}  // namespace rtml::cli
