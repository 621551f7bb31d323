// Sides that are measured in a process of their own, because they want another environment: a sanitizer's run-time,
// another library behind the same name, one CPU.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "host_load.h"
#include "row.h"

namespace openportcls::bench {

struct ChildOptions {
    std::vector<std::pair<std::string, std::string>> environment; // added to ours
    int cpu = -1;                                                 // the only one it may run on; -1: any
    bool quiet = false;                                           // what it prints is of no interest
};

// A program that runs until the object goes.
class Child {
public:
    static Result<std::unique_ptr<Child>> start(const std::vector<std::string>& command, const ChildOptions& options);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    pid_t process() const { return process_; }
    bool is_running();
    // Sends a line, waits for one: what a serving child answers.
    Result<std::string> ask(const std::string& line);

private:
    Child(pid_t process, int to, int from) : process_(process), to_(to), from_(from), own_(process) {}

    pid_t process_;
    int to_;
    int from_;
    bool reaped_ = false;
    OwnProcess own_;
};

using SideMaker = Side (*)(const std::vector<std::string>& arguments);

// A side by name, for in_child.
void add_served_side(const std::string& name, SideMaker make);

// Asks a program for figures: a line for a line. It starts with the first round.
Side ask_program(const std::vector<std::string>& command, const ChildOptions& options);

// The side `name`, made and measured in a child, which starts with the first round.
Side in_child(const std::string& name, const std::vector<std::string>& arguments, const ChildOptions& options);

// The child's main: answers each line on standard input with a figure.
int serve_side(const std::vector<std::string>& name_and_arguments);

} // namespace openportcls::bench
