# SPDX-License-Identifier: Apache-2.0
# Compiler, linker and warnings: the same for every target.

find_program(BORG_CCACHE ccache)
if(BORG_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BORG_CCACHE})
endif()

# Linking is most of an incremental build; mold and lld take a fraction of ld's time.
find_program(BORG_MOLD mold)
find_program(BORG_LLD ld.lld)
if(BORG_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(BORG_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# A designated initializer means to leave the other members at their defaults.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                    -Wno-missing-field-initializers)

if(BORG_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "BORG_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++-14")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address)
else()
  # clang's warnings are lint's business: an older or newer one must not break the fuzzers.
  add_compile_options(-Werror)
endif()

if(BORG_SANITIZE)
  # -O1: the instrumented -O2 takes twice as long to compile and runs hardly faster.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  add_compile_options(-fsanitize=${BORG_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BORG_SANITIZE})
  if(BORG_SANITIZE MATCHES thread)
    # Asio has fences, which ThreadSanitizer does not follow; the locks beside them it does.
    add_compile_options(-Wno-tsan)
  endif()
endif()
