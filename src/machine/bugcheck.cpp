#include "machine/bugcheck.h"

#include <array>
#include <cstdio>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <memory>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

namespace openportcls::machine {

namespace {

constexpr unsigned most_frames = 64;

StackFrame describe(std::uint64_t address) {
    StackFrame frame;
    frame.address = address;
    Dl_info information;
    if (dladdr(reinterpret_cast<void*>(address), &information) != 0 && information.dli_fname != nullptr) {
        frame.module = information.dli_fname;
        frame.offset = address - reinterpret_cast<std::uint64_t>(information.dli_fbase);
        if (information.dli_sname != nullptr) {
            frame.symbol = information.dli_sname;
        }
    }
    return frame;
}

// "function (file:line)" for each frame through llvm-symbolizer, which knows inlining and DWARF; empty where it cannot.
// One process for all: with a sanitizer's run-time preloaded, each takes long to start.
std::vector<std::string> symbolize(const std::vector<StackFrame>& stack) {
    std::vector<std::string> names(stack.size());
    std::string command = "llvm-symbolizer-19 --demangle --functions=linkage --pretty-print";
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < stack.size(); ++i) {
        const StackFrame& frame = stack[i];
        if (!frame.module.empty() && frame.module.find_first_of("'\"") == std::string::npos) {
            // The return address is one past the call.
            command += fmt::format(" 'CODE \"{}\" {:#x}'", frame.module, frame.offset == 0 ? 0 : frame.offset - 1);
            asked.push_back(i);
        }
    }
    command += " 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(asked.empty() ? nullptr : popen(command.c_str(), "r"), &pclose);
    if (pipe == nullptr) {
        return names;
    }
    // An answer is a line, more lines for what it was inlined into, and an empty one.
    std::size_t answered = 0;
    bool is_first_line = true;
    std::array<char, 1024> buffer;
    while (answered < asked.size() && fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) {
        std::string_view line = buffer.data();
        const bool is_whole = line.ends_with('\n');
        line.remove_suffix(is_whole ? 1 : 0);
        if (line.empty()) {
            ++answered;
        } else if (is_first_line && !line.starts_with("??")) {
            names[asked[answered]] = line;
        }
        is_first_line = line.empty();
    }
    return names;
}

} // namespace

std::vector<StackFrame> capture_stack(unsigned skip) {
    std::array<void*, most_frames> addresses;
    const int count = backtrace(addresses.data(), static_cast<int>(addresses.size()));
    std::vector<StackFrame> frames;
    for (int i = static_cast<int>(skip) + 1; i < count; ++i) {
        frames.push_back(describe(reinterpret_cast<std::uint64_t>(addresses[i])));
    }
    return frames;
}

std::vector<StackFrame> capture_stack_at(std::uint64_t instruction, std::uint64_t frame_pointer, std::uint64_t low,
                                         std::uint64_t high) {
    std::vector<StackFrame> frames;
    frames.push_back(describe(instruction + 1));
    // Everything is compiled with frame pointers; the bounds keep a smashed stack from taking us along.
    std::uint64_t frame = frame_pointer;
    while (frames.size() < most_frames && frame >= low && frame + 16 <= high && frame % 8 == 0) {
        const auto* words = reinterpret_cast<const std::uint64_t*>(frame);
        if (words[1] == 0) {
            break;
        }
        frames.push_back(describe(words[1]));
        if (words[0] <= frame) {
            break;
        }
        frame = words[0];
    }
    return frames;
}

std::string bugcheck_name(std::uint32_t code) {
    switch (code) {
    case 0x0A:
        return "IRQL_NOT_LESS_OR_EQUAL";
    case 0x0F:
        return "SPIN_LOCK_ALREADY_OWNED";
    case 0x10:
        return "SPIN_LOCK_NOT_OWNED";
    case 0x11:
        return "THREAD_NOT_MUTEX_OWNER";
    case 0x19:
        return "BAD_POOL_HEADER";
    case 0x1E:
        return "KMODE_EXCEPTION_NOT_HANDLED";
    case 0x44:
        return "MULTIPLE_IRP_COMPLETE_REQUESTS";
    case 0x48:
        return "CANCEL_STATE_IN_COMPLETED_IRP";
    case 0x50:
        return "PAGE_FAULT_IN_NONPAGED_AREA";
    case 0x7E:
        return "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED";
    case 0x7F:
        return "UNEXPECTED_KERNEL_MODE_TRAP";
    case 0x9F:
        return "DRIVER_POWER_STATE_FAILURE";
    case 0xC2:
        return "BAD_POOL_CALLER";
    case 0xC4:
        return "DRIVER_VERIFIER_DETECTED_VIOLATION";
    case 0xC5:
        return "DRIVER_CORRUPTED_EXPOOL";
    case 0xC7:
        return "TIMER_OR_DPC_INVALID";
    case 0xC9:
        return "DRIVER_VERIFIER_IOMANAGER_VIOLATION";
    case 0xCA:
        return "PNP_DETECTED_FATAL_ERROR";
    case 0xCC:
        return "PAGE_FAULT_IN_FREED_SPECIAL_POOL";
    case 0xCD:
        return "PAGE_FAULT_BEYOND_END_OF_ALLOCATION";
    case 0xCE:
        return "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS";
    case 0xD1:
        return "DRIVER_IRQL_NOT_LESS_OR_EQUAL";
    case 0xE3:
        return "RESOURCE_NOT_OWNED";
    case 0xF2:
        return "HARDWARE_INTERRUPT_STORM";
    case 0xF7:
        return "DRIVER_OVERRAN_STACK_BUFFER";
    case 0x101:
        return "CLOCK_WATCHDOG_TIMEOUT";
    case 0x133:
        return "DPC_WATCHDOG_VIOLATION";
    case 0x139:
        return "KERNEL_SECURITY_CHECK_FAILURE";
    default:
        return fmt::format("bugcheck {:#x}", code);
    }
}

std::string BugcheckReport::to_text() const {
    std::string text = fmt::format(
        "*** {} ({:#x}) {:#x} {:#x} {:#x} {:#x}\n    {}\n    at {:.6f} s on processor {}, IRQL {}, thread \"{}\", "
        "seed {}, step {}\n",
        bugcheck_name(code), code, parameters[0], parameters[1], parameters[2], parameters[3], rule,
        static_cast<double>(time) / 1e9, processor, irql, thread, seed, step);
    const std::vector<std::string> names = symbolize(stack);
    for (std::size_t number = 0; number < stack.size(); ++number) {
        const StackFrame& frame = stack[number];
        std::string where = names[number];
        if (where.empty()) {
            where = frame.symbol.empty() ? fmt::format("{:#x}", frame.address) : frame.symbol;
        }
        text += fmt::format("    #{:<2} {}  [{}+{:#x}]\n", number, where, frame.module, frame.offset);
    }
    return text;
}

} // namespace openportcls::machine
