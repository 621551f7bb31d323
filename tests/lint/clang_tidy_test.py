#!/usr/bin/env -S python3 -B
"""What ./dev lint takes a source's outcome to depend on: what the build folder given last was really compiled from."""
import pathlib
import sys
import unittest

import clang_tidy

BUILD = pathlib.Path(sys.argv.pop())


class Dependencies(unittest.TestCase):
    def setUp(self):
        self.entries = clang_tidy.compilations(BUILD)
        self.compiled = clang_tidy.dependencies(BUILD)

    def test_every_source_is_among_what_its_object_was_compiled_from(self):
        self.assertTrue(self.entries)
        for source, entry in self.entries.items():
            self.assertIn(source, self.compiled.get(entry["object"], []))

    def test_a_header_counts_for_the_sources_that_include_it(self):
        source = "src/portcls/filter.cpp"
        files = self.compiled[self.entries[source]["object"]]
        self.assertIn("src/portcls/filter.h", files)
        self.assertIn("src/machine/machine.h", files)

    def test_a_change_of_one_file_changes_the_outcome_looked_for(self):
        before = clang_tidy.Keys()
        key = before.of("c++", ["src/machine/machine.h", "README.md"])
        self.assertEqual(clang_tidy.Keys().of("c++", ["src/machine/machine.h", "README.md"]), key)
        self.assertNotEqual(clang_tidy.Keys().of("c++", ["src/machine/clock.h", "README.md"]), key)


if __name__ == "__main__":
    unittest.main()
