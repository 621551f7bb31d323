#include "machine/bugcheck.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <memory>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "machine/guarded_access.h"

namespace openportcls::machine {

namespace {

constexpr unsigned most_frames = 64;

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

StackFrame frame_at(std::uint64_t address) {
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

std::vector<StackFrame> capture_stack(unsigned skip) {
    std::array<void*, most_frames> addresses;
    const int count = backtrace(addresses.data(), static_cast<int>(addresses.size()));
    std::vector<StackFrame> frames;
    for (int i = static_cast<int>(skip) + 1; i < count; ++i) {
        frames.push_back(frame_at(reinterpret_cast<std::uint64_t>(addresses[i])));
    }
    return frames;
}

namespace {

constexpr unsigned most_guesses = 24;
constexpr std::uint64_t word_bytes = sizeof(std::uint64_t);

// The sanitizers know of no reason to look at other functions' frames.
__attribute__((no_sanitize("address"))) bool read_word(std::uint64_t address, std::uint64_t& word) {
    if (address % word_bytes != 0 || !is_accessible(reinterpret_cast<const void*>(address), word_bytes, Access::read)) {
        return false;
    }
    word = *reinterpret_cast<const std::uint64_t*>(address);
    return true;
}

// A call stands right before it, in the code of a loaded file.
__attribute__((no_sanitize("address"))) bool is_return_address(std::uint64_t address) {
    constexpr std::uint64_t longest_call = 7;
    Dl_info information;
    if (dladdr(reinterpret_cast<void*>(address), &information) == 0 ||
        !is_accessible(reinterpret_cast<const void*>(address - longest_call), longest_call, Access::read)) {
        return false;
    }
    const auto* code = reinterpret_cast<const unsigned char*>(address);
    const auto is_indirect_call = [&](int length) {
        return code[-length] == 0xFF && (code[1 - length] & 0x38) == 0x10;
    };
    return code[-5] == 0xE8 || is_indirect_call(2) || is_indirect_call(3) || is_indirect_call(4) ||
           is_indirect_call(6) || is_indirect_call(7);
}

// By frame pointers, with which everything is compiled.
void walk_frames(const InterruptedStack& at, std::vector<StackFrame>& frames) {
    std::uint64_t frame = at.frame_pointer;
    std::uint64_t next = 0;
    std::uint64_t return_address = 0;
    while (frames.size() < most_frames && frame >= at.low && frame + 2 * word_bytes <= at.high &&
           read_word(frame, next) && read_word(frame + word_bytes, return_address) && return_address != 0) {
        StackFrame caller = frame_at(return_address);
        if (caller.module.empty()) {
            break;
        }
        if (frames.back().address == return_address) {
            ++frames.back().repeats;
        } else {
            frames.push_back(std::move(caller));
        }
        if (next <= frame) {
            break;
        }
        frame = next;
    }
}

// What the frames do not tell: the return addresses that still lie on the stack.
void guess_frames(const InterruptedStack& at, std::uint64_t from, std::vector<StackFrame>& frames) {
    unsigned found = 0;
    for (std::uint64_t place = std::max(from, at.low) & ~(word_bytes - 1); place < at.high && found < most_guesses;
         place += word_bytes) {
        std::uint64_t word = 0;
        if (!read_word(place, word)) {
            continue;
        }
        const bool is_known =
            std::any_of(frames.begin(), frames.end(), [&](const StackFrame& frame) { return frame.address == word; });
        if (!is_known && is_return_address(word)) {
            frames.push_back(frame_at(word));
            frames.back().is_guess = true;
            ++found;
        }
    }
}

} // namespace

std::vector<StackFrame> capture_stack_at(const InterruptedStack& at) {
    std::vector<StackFrame> frames;
    frames.push_back(frame_at(at.instruction + 1));
    const bool is_in_code = !frames.front().module.empty();
    // A function of the C library has no frame of its own, nor has one that has just been called.
    std::uint64_t top = 0;
    std::uint64_t caller = 0;
    if (is_in_code && read_word(at.stack_pointer, top) && is_return_address(top) &&
        !(read_word(at.frame_pointer + word_bytes, caller) && caller == top)) {
        frames.push_back(frame_at(top));
    }
    walk_frames(at, frames);
    constexpr std::size_t fewest_whole = 3; // a driver's function, who called it, what the thread began with
    if (!is_in_code || frames.size() < fewest_whole) {
        // After a return to nowhere the frame that was left lies below the stack pointer.
        constexpr std::uint64_t left_behind = 512;
        guess_frames(at, is_in_code ? at.stack_pointer : at.stack_pointer - left_behind, frames);
    }
    return frames;
}

std::string bugcheck_name(std::uint32_t code) {
    switch (code) {
    case 0x01:
        return "APC_INDEX_MISMATCH";
    case 0x09:
        return "IRQL_NOT_GREATER_OR_EQUAL";
    case 0x0A:
        return "IRQL_NOT_LESS_OR_EQUAL";
    case 0x0C:
        return "MAXIMUM_WAIT_OBJECTS_EXCEEDED";
    case 0x0F:
        return "SPIN_LOCK_ALREADY_OWNED";
    case 0x10:
        return "SPIN_LOCK_NOT_OWNED";
    case 0x11:
        return "THREAD_NOT_MUTEX_OWNER";
    case 0x18:
        return "REFERENCE_BY_POINTER";
    case 0x19:
        return "BAD_POOL_HEADER";
    case 0x1E:
        return "KMODE_EXCEPTION_NOT_HANDLED";
    case 0x20:
        return "KERNEL_APC_PENDING_DURING_EXIT";
    case 0x35:
        return "NO_MORE_IRP_STACK_LOCATIONS";
    case 0x3F:
        return "NO_MORE_SYSTEM_PTES";
    case 0x41:
        return "MUST_SUCCEED_POOL_EMPTY";
    case 0x44:
        return "MULTIPLE_IRP_COMPLETE_REQUESTS";
    case 0x48:
        return "CANCEL_STATE_IN_COMPLETED_IRP";
    case 0x4E:
        return "PFN_LIST_CORRUPT";
    case 0x50:
        return "PAGE_FAULT_IN_NONPAGED_AREA";
    case 0x76:
        return "PROCESS_HAS_LOCKED_PAGES";
    case 0x7E:
        return "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED";
    case 0x7F:
        return "UNEXPECTED_KERNEL_MODE_TRAP";
    case 0x96:
        return "INVALID_WORK_QUEUE_ITEM";
    case 0x9F:
        return "DRIVER_POWER_STATE_FAILURE";
    case 0xA0:
        return "INTERNAL_POWER_ERROR";
    case 0xC2:
        return "BAD_POOL_CALLER";
    case 0xC4:
        return "DRIVER_VERIFIER_DETECTED_VIOLATION";
    case 0xC5:
        return "DRIVER_CORRUPTED_EXPOOL";
    case 0xC7:
        return "TIMER_OR_DPC_INVALID";
    case 0xC8:
        return "IRQL_UNEXPECTED_VALUE";
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
    case 0xDA:
        return "SYSTEM_PTE_MISUSE";
    case 0xE1:
        return "WORKER_THREAD_RETURNED_AT_BAD_IRQL";
    case 0xE3:
        return "RESOURCE_NOT_OWNED";
    case 0xE6:
        return "DRIVER_VERIFIER_DMA_VIOLATION";
    case 0xEA:
        return "THREAD_STUCK_IN_DEVICE_DRIVER";
    case 0xF2:
        return "HARDWARE_INTERRUPT_STORM";
    case 0xF7:
        return "DRIVER_OVERRAN_STACK_BUFFER";
    case 0x101:
        return "CLOCK_WATCHDOG_TIMEOUT";
    case 0x10D:
        return "WDF_VIOLATION";
    case 0x133:
        return "DPC_WATCHDOG_VIOLATION";
    case 0x139:
        return "KERNEL_SECURITY_CHECK_FAILURE";
    case 0x13B:
        return "PASSIVE_INTERRUPT_ERROR";
    case 0x162:
        return "KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE";
    case 0x1D5:
        return "DRIVER_PNP_WATCHDOG";
    case 0x4000008A:
        return "THREAD_TERMINATE_HELD_MUTEX";
    default:
        return fmt::format("bugcheck {:#x}", code);
    }
}

namespace {

std::string line_of(const StackFrame& frame, std::size_t number, const std::string& name) {
    std::string where = name;
    if (where.empty()) {
        where = frame.symbol.empty() ? fmt::format("{:#x}", frame.address) : frame.symbol;
    }
    const std::string times = frame.repeats != 0 ? fmt::format(", {} times", frame.repeats + 1) : std::string();
    return fmt::format("    #{:<2} {}{}  [{}+{:#x}]{}\n", number, frame.is_guess ? "? " : "", where, frame.module,
                       frame.offset, times);
}

} // namespace

std::string BugcheckReport::to_text() const {
    std::string text = fmt::format(
        "*** {} ({:#x}) {:#x} {:#x} {:#x} {:#x}\n    {}\n    at {:.6f} s on processor {}, IRQL {}, thread \"{}\", "
        "seed {}, step {}\n",
        bugcheck_name(code), code, parameters[0], parameters[1], parameters[2], parameters[3], rule,
        static_cast<double>(time) / 1e9, processor, irql, thread, seed, step);
    std::vector<StackFrame> all = stack;
    all.insert(all.end(), origin.begin(), origin.end());
    const std::vector<std::string> names = symbolize(all);
    for (std::size_t number = 0; number < all.size(); ++number) {
        if (number == stack.size()) {
            text += fmt::format("    {}:\n", origin_title);
        }
        text += line_of(all[number], number < stack.size() ? number : number - stack.size(), names[number]);
    }
    return text;
}

} // namespace openportcls::machine
