# One target per core/<noun>, one test program per tests/unit/<noun>.

# Defines the static library rtml_<noun> from the current directory.
#   rtml_library(registry SOURCES a.cc b.cc DEPENDS rtml_base LIBRARIES SQLite::SQLite3)
function(rtml_library noun)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(rtml_${noun} STATIC ${ARG_SOURCES})
  target_include_directories(rtml_${noun} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(rtml_${noun} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_LIBRARIES})
endfunction()

# Everything that `ctest -L unit` runs, for builds that want nothing else.
add_custom_target(unit_tests)

# Defines the test program unit_<noun> and one ctest of the same name.
function(rtml_unit_test noun)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(unit_${noun} ${ARG_SOURCES} $<TARGET_OBJECTS:rtml_test_main>)
  target_include_directories(unit_${noun} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(unit_${noun} PRIVATE ${ARG_DEPENDS} doctest::doctest)
  add_dependencies(unit_tests unit_${noun})
  add_test(NAME unit.${noun} COMMAND unit_${noun})
  set_tests_properties(unit.${noun} PROPERTIES LABELS unit TIMEOUT 300
    ENVIRONMENT "RTML_SOURCE_DIR=${PROJECT_SOURCE_DIR};RTML_BINARY_DIR=${PROJECT_BINARY_DIR}")
endfunction()
