// The rows of the specification tables (tests/data/facts), and the exports that are in none of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace coverage {

struct Row {
    std::string table;                // "kernel_api"
    std::string name;                 // "KeSetEvent", "IPort::Init", "R-WRT-04"
    std::string kind;                 // "function", "method", "property", "rule" …
    std::string handling;             // of properties, methods and events: who answers
    bool is(const char* kinds) const; // "struct enum": one of them
};

// Every row once, in the order of the tables; empty and a message on the error stream when one cannot be read. Behind
// them the table "exports": what drivers can import and no table has.
std::vector<Row> read_rows(const std::filesystem::path& facts);

std::vector<std::string> split_tabs(const std::string& line);

} // namespace coverage
