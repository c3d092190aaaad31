# Arrow C++ for the plugins that read and write files.
#
# Targets: rtml::arrow (libarrow), rtml::parquet (libparquet and libarrow),
# rtml::arrow_compute (kernels; loads about a millisecond more at start).
# They are a system Arrow's where find_package finds one, else the copy that
# scripts/setup_arrow made of the pinned wheel. That copy is installed beside the
# plugins, so that an installed tree needs neither the cache nor the wheel.
#
# Core and SDK never link these: they speak the Arrow C data interface.

include_guard(GLOBAL)

# The same floor as in scripts/setup_arrow.
set(_rtml_arrow_minimum 21)
option(RTML_SYSTEM_ARROW "Use a system Arrow where there is one" ON)

if(RTML_SYSTEM_ARROW)
  find_package(Arrow CONFIG QUIET)
  find_package(ArrowCompute CONFIG QUIET)
  find_package(Parquet CONFIG QUIET)
endif()

if(Arrow_FOUND
   AND Arrow_VERSION VERSION_GREATER_EQUAL _rtml_arrow_minimum
   AND ArrowCompute_FOUND
   AND Parquet_FOUND)
  message(STATUS "Arrow C++: ${Arrow_VERSION} of the system, ${Arrow_DIR}")
  set(RTML_ARROW_IS_BUNDLED FALSE)
  add_library(rtml::arrow ALIAS Arrow::arrow_shared)
  add_library(rtml::arrow_compute ALIAS ArrowCompute::arrow_compute_shared)
  add_library(rtml::parquet ALIAS Parquet::parquet_shared)
else()
  execute_process(
    COMMAND "${PROJECT_SOURCE_DIR}/scripts/setup_arrow" --print-root
    OUTPUT_VARIABLE RTML_ARROW_ROOT
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT EXISTS "${RTML_ARROW_ROOT}/lib/libparquet.so")
    message(FATAL_ERROR "Arrow C++ is missing: ${RTML_ARROW_ROOT}\n"
                        "Run: scripts/setup_arrow --wheel")
  endif()
  message(STATUS "Arrow C++: ${RTML_ARROW_ROOT}")
  set(RTML_ARROW_IS_BUNDLED TRUE)

  foreach(name arrow arrow_compute parquet)
    file(REAL_PATH "${RTML_ARROW_ROOT}/lib/lib${name}.so" library)
    get_filename_component(soname "${library}" NAME)
    add_library(rtml::${name} SHARED IMPORTED GLOBAL)
    # Imported include directories are system ones: no warnings from Arrow's headers.
    set_target_properties(
      rtml::${name} PROPERTIES IMPORTED_LOCATION "${library}" IMPORTED_SONAME "${soname}"
                               INTERFACE_INCLUDE_DIRECTORIES "${RTML_ARROW_ROOT}/include")
    install(FILES "${library}" DESTINATION lib/rtml/arrow)
  endforeach()
  install(FILES "${RTML_ARROW_ROOT}/licenses/LICENSE.txt" "${RTML_ARROW_ROOT}/licenses/NOTICE.txt"
          DESTINATION lib/rtml/arrow)
  target_link_libraries(rtml::arrow_compute INTERFACE rtml::arrow)
  target_link_libraries(rtml::parquet INTERFACE rtml::arrow)
endif()

# Links a target with the given Arrow targets and lets it find them once it is
# installed: rtml_link_arrow(<target> rtml::parquet ... INSTALL_DIRECTORY lib/rtml/plugins)
function(rtml_link_arrow target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "INSTALL_DIRECTORY" "")
  if(NOT arg_INSTALL_DIRECTORY)
    message(FATAL_ERROR "rtml_link_arrow: INSTALL_DIRECTORY is missing: ${target}")
  endif()
  target_link_libraries(${target} PRIVATE ${arg_UNPARSED_ARGUMENTS})
  if(RTML_ARROW_IS_BUNDLED)
    file(RELATIVE_PATH to_arrow "/${arg_INSTALL_DIRECTORY}" /lib/rtml/arrow)
    set_property(TARGET ${target} APPEND PROPERTY INSTALL_RPATH "$ORIGIN/${to_arrow}")
  endif()
endfunction()
