#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule of tools/checks/layers.py bites."""

import unittest

from planted import CC, CMAKE, H, PlantedTest
import layers

LOW = '#include "low/low.h"\n'


class LayersTest(PlantedTest):
    check = staticmethod(layers.check)

    def test_a_sound_project_passes(self):
        self.assert_sound()

    def test_includes_keep_to_deps(self):
        self.assert_found("layers", {"src/low/low.cc": CC + LOW + '#include "high/high.h"\n'})
        self.assert_found("layers", {"src/low/low.h": H + '#include "net/net.h"\n'})
        self.assert_found("layers", {"src/low/low_test.cc": CC + '#include "high/high.h"\n'})

    def test_deps_of_deps_are_public(self):
        self.assert_sound({"src/net/net.cc": CC + '#include "net/net.h"\n' + LOW})

    def test_a_test_may_use_what_it_links(self):
        self.assert_sound(
            {
                "src/low/CMakeLists.txt": CMAKE
                + "borg_module(low SOURCES low.cc TESTS low_test.cc TEST_LIBS borg_high)\n",
                "src/low/low_test.cc": CC + '#include "high/high.h"\n',
            }
        )

    def test_commented_includes_do_not_count(self):
        self.assert_sound({"src/low/low.cc": CC + LOW + '// #include "high/high.h"\n'})

    def test_includes_exist_and_name_their_module(self):
        self.assert_found("layers", {"src/low/low.cc": CC + LOW + '#include "low/none.h"\n'})
        self.assert_found("layers", {"src/low/low.cc": CC + LOW + '#include "other.h"\n'})

    def test_generated_headers_are_not_in_src(self):
        self.assert_sound({"src/low/low.cc": CC + LOW + '#include "low/low.pb.h"\n'})

    def test_deps_point_down(self):
        text = CMAKE + "borg_module(low SOURCES low.cc DEPS high)\n"
        self.assert_found("layers", {"src/low/CMakeLists.txt": text})

    def test_deps_exist(self):
        text = CMAKE + "borg_module(high SOURCES high.cc DEPS low nothing)\n"
        self.assert_found("layers", {"src/high/CMakeLists.txt": text})

    def test_modules_are_listed(self):
        text = CMAKE + "borg_module(extra SOURCES extra.cc)\n"
        self.assert_found("layers", {"src/extra/CMakeLists.txt": text})
        self.assert_found("layers", {"src/extra/extra.h": H})

    def test_pure_modules_include_nothing_impure(self):
        for header in (
            "thread", "mutex", "random", "iostream", "sys/socket.h", "netinet/in.h", "unistd.h",
            "boost/asio.hpp", "boost/asio/ip/tcp.hpp", "spdlog/spdlog.h", "sqlite3.h", "fstream",
        ):
            with self.subTest(header):
                include = f"#include <{header}>\n"
                self.assert_found("pure", {"src/low/low.cc": CC + LOW + include})
                self.assert_sound({"src/net/net.cc": CC + '#include "net/net.h"\n' + include})

    def test_pure_modules_call_nothing_impure(self):
        for code in (
            "auto t = std::chrono::steady_clock::now();",
            "auto t = std::time(nullptr);",
            "std::mutex m;",
            "thread_local int x;",
            'auto* home = getenv("HOME");',
        ):
            with self.subTest(code):
                self.assert_found("pure", {"src/low/low.cc": CC + LOW + code + "\n"})

    def test_a_source_begins_with_its_header(self):
        self.assert_found("own-header", {"src/low/low.cc": CC + "#include <string>\n" + LOW})
        self.assert_found("own-header", {"src/low/low.cc": CC + "int low() { return 1; }\n"})


if __name__ == "__main__":
    unittest.main()
