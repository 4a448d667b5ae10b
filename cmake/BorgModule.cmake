# SPDX-License-Identifier: Apache-2.0
# borg_module(<name> SOURCES ... [TESTS ...] DEPS <modules> [LIBS <targets>])
#
# Adds src/<name> as a static library borg_<name>. A module sees the headers of its DEPS and
# theirs, and nothing else. TESTS become one GoogleTest binary <name>_test.
function(borg_module name)
  cmake_parse_arguments(M "" "" "SOURCES;TESTS;DEPS;LIBS;TEST_LIBS" ${ARGN})
  set(target borg_${name})
  add_library(${target} STATIC ${M_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM M_DEPS PREPEND borg_ OUTPUT_VARIABLE deps)
  target_link_libraries(${target} PUBLIC ${deps} ${M_LIBS})
  set_property(GLOBAL APPEND PROPERTY BORG_MODULES ${name})
  set_property(GLOBAL PROPERTY BORG_DEPS_${name} "${M_DEPS}")
  if(M_TESTS AND BUILD_TESTING)
    add_executable(${name}_test ${M_TESTS})
    target_link_libraries(${name}_test PRIVATE ${target} ${M_TEST_LIBS} GTest::gtest
                                               GTest::gmock GTest::gtest_main)
    add_test(NAME ${name}_test COMMAND ${name}_test)
  endif()
endfunction()
