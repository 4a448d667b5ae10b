# SPDX-License-Identifier: Apache-2.0
include(GoogleTest)
cmake_path(SET BORG_SOURCE_FOLDER NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../src)

# borg_module(<name> [SOURCES ...] [TESTS ...] [DEPS <modules>] [LIBS <targets>]
#             [TEST_LIBS <targets>])
#
# Adds src/<name> as a static library borg_<name> (without SOURCES: as headers only). A module
# sees the headers of its DEPS and of theirs, and nothing else. TESTS become one GoogleTest
# binary <name>_test, each case a ctest test.
#
# That a module really needs no more than it declares is checked while it is built: each of its
# headers is compiled alone, and an empty program is linked against all of it and its DEPS.
function(borg_module name)
  cmake_parse_arguments(M "" "" "SOURCES;TESTS;DEPS;LIBS;TEST_LIBS" ${ARGN})
  if(M_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "borg_module(${name}): what is ${M_UNPARSED_ARGUMENTS}?")
  endif()
  set(target borg_${name})
  list(TRANSFORM M_DEPS PREPEND borg_ OUTPUT_VARIABLE deps)
  if(M_SOURCES)
    set(scope PUBLIC)
    add_library(${target} STATIC ${M_SOURCES})
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${BORG_SOURCE_FOLDER})
  target_link_libraries(${target} ${scope} ${deps} ${M_LIBS})
  if(BORG_LAYER_CHECKS)
    borg_check_headers(${name} "${M_SOURCES}")
    if(M_SOURCES)
      borg_check_links(${name})
    endif()
  endif()
  if(M_TESTS AND BUILD_TESTING AND NOT BORG_FUZZ)
    borg_module_test(${name} "${M_TESTS}" "${M_TEST_LIBS}")
  endif()
endfunction()

# Adds <name>_test. Under a sanitizer it is one ctest test, named after the sanitizer, because a
# process a case would cost more than the cases.
function(borg_module_test name tests libs)
  if(BORG_TEST_MODULES AND NOT name IN_LIST BORG_TEST_MODULES)
    return()
  endif()
  add_executable(${name}_test ${tests})
  set_target_properties(${name}_test PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${name}_test PRIVATE
    borg_${name} ${libs} GTest::gtest GTest::gmock GTest::gtest_main)
  add_dependencies(borg_unit_tests ${name}_test)
  if(BORG_SANITIZE)
    add_test(NAME ${BORG_TEST_PREFIX}${name}_test COMMAND ${name}_test --gtest_brief=1)
    set_tests_properties(${BORG_TEST_PREFIX}${name}_test PROPERTIES TIMEOUT 900)
  else()
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}_test. DISCOVERY_TIMEOUT 60
                         PROPERTIES TIMEOUT 180)
  endif()
endfunction()

# Compiles each header of the module alone. Where foo.cc is compiled and begins with its foo.h
# that is proven already (tools/checks/layers.py sees to the beginning), so only the others are.
# Those of folders within the module count, but for its tests' own in testing/.
function(borg_check_headers name sources)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.h)
  list(FILTER headers EXCLUDE REGEX "^testing/")
  set(units)
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "\\.h$" ".cc" sibling ${header})
    if(NOT sibling IN_LIST sources)
      set(unit ${CMAKE_CURRENT_BINARY_DIR}/headers/${sibling})
      file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${name}/${header}\"\n")
      list(APPEND units ${unit})
    endif()
  endforeach()
  if(units)
    add_library(borg_${name}_headers OBJECT ${units})
    target_compile_options(borg_${name}_headers PRIVATE -O0 -g0)
    target_link_libraries(borg_${name}_headers PRIVATE borg_${name})
  endif()
endfunction()

# Links an empty program against the whole module and its DEPS only: a symbol that comes from
# anywhere else is undefined.
function(borg_check_links name)
  add_executable(borg_${name}_links ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/empty_main.cc)
  set_target_properties(borg_${name}_links PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(borg_${name}_links PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,borg_${name}>)
endfunction()
