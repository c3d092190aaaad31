# Builds a plugin: a shared library and the manifest beside it, from the same words.
#
#   rtml_plugin(mean
#     KIND model CAPABILITIES model VERSION 1.0.0
#     DESCRIPTION "Predicts the mean of the label"
#     SOURCES mean.cc
#     [LIBRARIES ...] [OUTPUT_DIRECTORY dir] [NO_INSTALL])
#
# Defines the target rtml_plugin_<name>. KIND is storage, model or orchestrator; CAPABILITIES are
# table, online, stream, blob (storage), model, orchestrator.

include_guard(GLOBAL)

function(rtml_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "KIND;VERSION;DESCRIPTION;OUTPUT_DIRECTORY"
                        "CAPABILITIES;SOURCES;LIBRARIES")
  foreach(word KIND VERSION DESCRIPTION CAPABILITIES SOURCES)
    if(NOT arg_${word})
      message(FATAL_ERROR "rtml_plugin: ${word} is missing: ${name}")
    endif()
  endforeach()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib/rtml/plugins")
  endif()

  string(MAKE_C_IDENTIFIER "rtml_plugin_${name}" target)
  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE rtml::plugin_sdk ${arg_LIBRARIES})
  target_compile_definitions(
    ${target} PRIVATE RTML_PLUGIN_NAME="${name}" RTML_PLUGIN_KIND="${arg_KIND}"
                      RTML_PLUGIN_VERSION="${arg_VERSION}")
  set_target_properties(
    ${target} PROPERTIES PREFIX "" OUTPUT_NAME "${name}" SUFFIX ".so"
                         LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT_DIRECTORY}"
                         CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  # The descriptor is the only name that the library gives away, also of static libraries in it.
  target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL)

  list(JOIN arg_CAPABILITIES "\", \"" capabilities)
  set(RTML_PLUGIN_NAME "${name}")
  set(RTML_PLUGIN_KIND "${arg_KIND}")
  set(RTML_PLUGIN_VERSION "${arg_VERSION}")
  set(RTML_PLUGIN_DESCRIPTION "${arg_DESCRIPTION}")
  set(RTML_PLUGIN_CAPABILITIES "\"${capabilities}\"")
  set(manifest "${arg_OUTPUT_DIRECTORY}/${name}.json")
  configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/manifest.json.in" "${manifest}" @ONLY)
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION lib/rtml/plugins)
    install(FILES "${manifest}" DESTINATION lib/rtml/plugins)
  endif()
  # A project may collect the plugins that it ships under one target of its own.
  if(TARGET plugins AND NOT arg_NO_INSTALL)
    add_dependencies(plugins ${target})
  endif()
endfunction()
