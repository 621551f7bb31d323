// The end of a guest: what KeBugCheckEx, a fault or a broken rule leaves behind for the person who wrote the driver.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machine/types.h"

namespace openportcls::machine {

struct StackFrame {
    std::uint64_t address = 0;
    std::string module;        // file the code came from
    std::uint64_t offset = 0;  // inside that file, what a symbolizer wants
    std::string symbol;        // filled when known
    std::uint32_t repeats = 0; // how often more the same call stands there: a recursion
    bool is_guess = false;     // a return address that lay on a stack whose frames were overwritten
};

struct BugcheckReport {
    std::uint32_t code = 0;
    std::uint64_t parameters[4] = {};
    std::string rule; // the sentence or rule that was broken
    std::uint64_t seed = 0;
    std::uint64_t step = 0;
    Nanoseconds time = 0;
    KIRQL irql = 0;
    unsigned processor = 0;
    std::string thread;
    std::vector<StackFrame> stack;
    // Where what was broken came from: "allocated by", and who that was.
    std::string origin_title;
    std::vector<StackFrame> origin;

    // Several lines, fit for a terminal. Symbols come from llvm-symbolizer where it is installed.
    std::string to_text() const;
};

// "IRQL_NOT_LESS_OR_EQUAL" for 0xA; "bugcheck 0x…" when the code has no name here.
std::string bugcheck_name(std::uint32_t code);

// What is known of a return address.
StackFrame frame_at(std::uint64_t address);

// The calling stack, innermost first, without `skip` frames.
std::vector<StackFrame> capture_stack(unsigned skip);
// The stack below a fault, of which nothing is taken for granted: the frames may be what was overwritten.
struct InterruptedStack {
    std::uint64_t instruction = 0;
    std::uint64_t frame_pointer = 0;
    std::uint64_t stack_pointer = 0;
    std::uint64_t low = 0; // of the memory that is stack
    std::uint64_t high = 0;
};
std::vector<StackFrame> capture_stack_at(const InterruptedStack& at);

} // namespace openportcls::machine
