# Language level, warnings, sanitizers, ccache and mold for every target of the tree.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(RTML_SANITIZE "" CACHE STRING "Comma-separated sanitizers, for example address,undefined")
option(RTML_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" ON)

# The same expression must give the same bits in every translation unit, so the compiler may
# neither fuse multiply-add nor reorder floating-point operations.
add_compile_options(-ffp-contract=off -fno-fast-math)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
# g++ 12 cannot follow a move of std::variant and takes the unused alternative for uninitialised.
add_compile_options(-Wno-maybe-uninitialized)
if(RTML_WARNINGS_AS_ERRORS)
  add_compile_options(-Werror)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
add_compile_options("$<$<CONFIG:Release>:-fstack-protector-strong>")

if(RTML_SANITIZE)
  # Line tables are enough for a stack trace, and halve what the compiler writes.
  add_compile_options(-fsanitize=${RTML_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
                      -O1 -g1)
  add_link_options(-fsanitize=${RTML_SANITIZE})
endif()

find_program(RTML_CCACHE ccache)
if(RTML_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${RTML_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${RTML_CCACHE}")
endif()
find_program(RTML_MOLD mold)
if(RTML_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
