#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule of tools/checks/tidy.py bites."""

import unittest

from planted import CC, H, PY, PlantedTest
import cpp_text
import tidy

LOW = '#include "low/low.h"\n'
# Spelled apart, so that tidy does not find them here.
LEFTOVER = "FIX" + "ME"


def low_cc(body):
    return {"src/low/low.cc": CC + LOW + body}


class TidyTest(PlantedTest):
    check = staticmethod(tidy.check)

    def test_a_sound_project_passes(self):
        self.assert_sound()

    def test_line_length(self):
        self.assert_found("line-length", low_cc("// " + "x" * 98 + "\n"))
        self.assert_sound(low_cc("// " + "x" * 97 + "\n"))

    def test_file_length(self):
        self.assert_found("file-length", low_cc("\n" * 799))
        self.assert_sound(low_cc("\n" * 798))

    def test_function_length(self):
        self.assert_found("function-length", low_cc("void f() {\n" + "  g();\n" * 69 + "}\n"))
        self.assert_sound(low_cc("void f() {\n" + "  g();\n" * 68 + "}\n"))
        python = "def f():\n" + "    g()\n" * 70
        self.assert_found("function-length", {"tools/tool.py": PY + "import run\n" + python})
        shell = "#!/bin/bash\n" + PY + "python3 tool.py\nf() {\n" + "  g\n" * 70 + "}\n"
        self.assert_found("function-length", {"tools/run.sh": shell})

    def test_white_space(self):
        self.assert_found("space", low_cc("int a; \n"))
        self.assert_found("tab", low_cc("\tint a;\n"))
        self.assert_found("newline", low_cc("int a;"))

    def test_spdx(self):
        self.assert_found("spdx", {"src/low/low.cc": LOW})
        self.assert_found("spdx", {"src/low/low.h": "#pragma once\n\n#pragma once\n"})
        self.assert_found("spdx", {"tools/tool.py": "import run\n"})
        self.assert_found("spdx", {"tools/run.sh": "#!/usr/bin/env bash\npython3 tool.py\n"})

    def test_pragma_once(self):
        self.assert_found("pragma-once", {"src/low/low.h": CC + "int low();\n"})

    def test_banned_code(self):
        for rule, code in {
            "assert": "void f() { assert(true); }",
            "endl": "auto& end = std::endl;",
            "random": "std::mt19937 engine;",
            "volatile": "volatile int flag;",
            "using-namespace": "using namespace std;",
            "define-private": "#define private public",
            "printf": 'void f() { std::printf("x"); }',
            "cout": "auto& out = std::cout;",
            "friend-test": "class A { FRIEND_TEST(A, B); };",
            "word": "int master_node;",
        }.items():
            with self.subTest(code):
                self.assert_found(rule, low_cc(code + "\n"))
        self.assert_found("random", low_cc("int x = rand();\n"))
        self.assert_found("word", low_cc("struct IsSlave {};\n"))

    def test_what_only_looks_banned(self):
        for code in (
            'static_assert(true, "assert(x)");',
            "// std::endl, volatile, rand() and a master in a comment",
            'const char* kRole = "role:master";',
            "int operand(int x);",
            "volatile std::sig_atomic_t stopped;",
            'auto n = std::snprintf(p, 9, "x");',
            "void f() { timer.sleep(5); }",
            'auto raw = R"(assert(1) " volatile)";',
        ):
            with self.subTest(code):
                self.assert_sound(low_cc(code + "\n"))

    def test_a_reason_allows(self):
        self.assert_sound(low_cc("volatile int a;  // tidy: allow volatile: a device writes it\n"))
        self.assert_found("volatile", low_cc("volatile int a;  // tidy: allow volatile:\n"))
        self.assert_found("volatile", low_cc("volatile int a;  // tidy: allow endl: no reason\n"))

    def test_using_namespace_in_headers(self):
        self.assert_found("using-namespace", {"src/low/low.h": H + "using namespace low;\n"})

    def test_sleep_in_tests(self):
        test = CC + LOW + "void f() { std::this_thread::sleep_for(t); }\n"
        self.assert_found("sleep", {"src/low/low_test.cc": test})

    def test_leftovers(self):
        self.assert_found("leftover", low_cc(f"// {LEFTOVER}: later\n"))
        self.assert_found("leftover", {"docs/page.md": f"# Page\n\n{LEFTOVER}\n"})

    def test_file_names(self):
        name = "src/low/master.h"
        changes = low_cc('#include "low/master.h"\n') | {name: H}
        self.assert_found("word", changes)

    def test_scripts_parse(self):
        self.assert_found("shell", {"tools/run.sh": "#!/bin/bash\n" + PY + "if; tool\n"})
        self.assert_found("python", {"tools/tool.py": PY + "import run\ndef f(:\n"})

    def test_generated_code(self):
        changes = low_cc('#include "low/a.pb.h"\n') | {"src/low/a.pb.h": H}
        self.assert_found("generated", changes)

    def test_dead_files(self):
        for name, text in {
            "src/low/unbuilt.cc": CC,
            "src/low/unused.h": H,
            "tools/nobody_runs_me.py": PY,
            "tools/nobody_runs_me.sh": "#!/bin/bash\n" + PY,
            "docs/nobody_links_to_me.md": "# Alone\n",
        }.items():
            with self.subTest(name):
                self.assert_found("dead", {name: text})

    def test_links(self):
        for target in ("docs/none.md", "#no-part", "docs/page.md#no-part"):
            with self.subTest(target):
                text = f"# A\n\n[a]({target}) [page](docs/page.md)\n"
                self.assert_found("link", {"README.md": text})
        text = "# A\n\n`[a](none.md)` [page](docs/page.md#page) [w](https://example.org/x)\n"
        self.assert_sound({"README.md": text})


class FunctionsTest(unittest.TestCase):
    """The brace counter finds what a reader would call a function."""

    def names(self, code):
        return [(f.name, f.lines) for f in cpp_text.functions(code)]

    def test_finds_them_in_classes_and_namespaces(self):
        code = (
            "namespace a::b {\nclass C : public D {\n public:\n  C() : x_{1}, y_(2) {}\n"
            "  int f() const override {\n    return 1;\n  }\n  int x_ = 1;\n"
            "  enum class E { kA, kB };\n  int y_{3};\n};\n"
            "template <typename T>\nauto g(T t) -> int {\n  auto l = [&](int i) { return i; };\n"
            "  return l(1);\n}\n}\n"
        )
        self.assertEqual(self.names(code), [("C", 1), ("f", 3), ("g", 5)])

    def test_takes_no_table_or_type_for_one(self):
        code = (
            "constexpr Row kRows[] = {\n  {\"a\", f(1)},\n};\n"
            "struct S { int a; };\nstd::vector<int> v{f(1), 2};\n"
        )
        self.assertEqual(self.names(code), [])

    def test_sees_macros_operators_and_braces_in_text(self):
        code = (
            '#define M(x) do { x; } while (0)\nTEST(A, B) {\n  const char c = \'{\';\n'
            '  f("{{{");  // {\n}\nbool operator==(A a, B b) { return true; }\n'
        )
        self.assertEqual(self.names(code), [("TEST", 4), ("operator==", 1)])


if __name__ == "__main__":
    unittest.main()
