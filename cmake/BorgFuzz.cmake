# SPDX-License-Identifier: Apache-2.0

# borg_fuzz(<name> [DEPS <modules>] [SECONDS <n>])
#
# Adds fuzz/<name>_fuzz.cc, which defines LLVMFuzzerTestOneInput; fuzz/corpus/<name>/ has its
# first inputs. With BORG_FUZZ (clang) it is a libFuzzer program <name>_fuzz with a short run as
# a test; otherwise <name>_replay runs the inputs and simple mutations of them, with any compiler.
function(borg_fuzz name)
  cmake_parse_arguments(F "" "SECONDS" "DEPS" ${ARGN})
  foreach(dep IN LISTS F_DEPS)
    if(NOT TARGET borg_${dep})
      message(STATUS "fuzz ${name}: left out, there is no module ${dep}")
      return()
    endif()
  endforeach()
  list(TRANSFORM F_DEPS PREPEND borg_ OUTPUT_VARIABLE deps)
  if(NOT F_SECONDS)
    set(F_SECONDS 8)
  endif()
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  if(BORG_FUZZ)
    borg_fuzz_program(${name}_fuzz ${name}_fuzz.cc "${deps}")
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    set(found ${CMAKE_CURRENT_BINARY_DIR}/found/${name})
    file(MAKE_DIRECTORY ${found})
    add_test(NAME fuzz.${name} COMMAND ${name}_fuzz -seed=1 -max_total_time=${F_SECONDS}
             -timeout=5 -print_final_stats=0 -verbosity=0 -artifact_prefix=${found}-
             ${found} ${corpus})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
  else()
    borg_fuzz_program(${name}_replay "${name}_fuzz.cc;replay_main.cc" "${deps};borg_base")
    if(BUILD_TESTING AND NOT BORG_TEST_MODULES)
      add_dependencies(borg_unit_tests ${name}_replay)
      add_test(NAME ${BORG_TEST_PREFIX}fuzz_replay.${name} COMMAND ${name}_replay ${corpus})
      set_tests_properties(${BORG_TEST_PREFIX}fuzz_replay.${name} PROPERTIES TIMEOUT 180)
    endif()
  endif()
endfunction()

function(borg_fuzz_program program sources libs)
  add_executable(${program} ${sources})
  set_target_properties(${program} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${program} PRIVATE ${libs})
  add_dependencies(borg_fuzzers ${program})
endfunction()
