#include "child.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>

#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace openportcls::bench {

namespace {

std::map<std::string, SideMaker>& served_sides() {
    static std::map<std::string, SideMaker> sides;
    return sides;
}

// In the forked process: never returns.
[[noreturn]] void become(const std::vector<std::string>& command, const ChildOptions& options, int from, int to) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(from, STDIN_FILENO);
    dup2(to, STDOUT_FILENO);
    if (options.quiet) {
        const int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
    if (options.cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<unsigned>(options.cpu), &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    for (const auto& [name, value] : options.environment) {
        setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

} // namespace

Result<std::unique_ptr<Child>> Child::start(const std::vector<std::string>& command, const ChildOptions& options) {
    int to[2];
    int from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) {
        return Error{0, fmt::format("no pipe: {}", std::strerror(errno))};
    }
    std::fflush(stdout);
    const pid_t process = fork();
    if (process == 0) {
        become(command, options, to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    if (process < 0) {
        return Error{0, fmt::format("no process: {}", std::strerror(errno))};
    }
    return std::unique_ptr<Child>(new Child(process, to[1], from[0]));
}

Child::~Child() {
    close(to_);
    close(from_);
    if (!reaped_) {
        kill(process_, SIGTERM);
        waitpid(process_, nullptr, 0);
    }
}

bool Child::is_running() {
    reaped_ = reaped_ || waitpid(process_, nullptr, WNOHANG) == process_;
    return !reaped_;
}

Result<std::string> Child::ask(const std::string& line) {
    const std::string sent = line + '\n';
    std::string answer;
    if (write(to_, sent.data(), sent.size()) == static_cast<ssize_t>(sent.size())) {
        char c = 0;
        while (read(from_, &c, 1) == 1) {
            if (c == '\n') {
                return answer;
            }
            answer += c;
        }
    }
    return Error{0, "the measuring process ended early"};
}

void add_served_side(const std::string& name, SideMaker make) {
    served_sides()[name] = make;
}

Side ask_program(const std::vector<std::string>& command, const ChildOptions& options) {
    auto child = std::make_shared<std::unique_ptr<Child>>();
    return [command, options, child]() -> Result<double> {
        if (*child == nullptr) {
            auto started = Child::start(command, options);
            if (!started) {
                return started.error();
            }
            *child = std::move(*started);
        }
        const Result<std::string> answer = (*child)->ask("measure");
        if (!answer) {
            return answer.error();
        }
        char* end = nullptr;
        const double figure = std::strtod(answer->c_str(), &end);
        if (answer->empty() || *end != '\0') {
            return Error{0, *answer};
        }
        return figure;
    };
}

Side in_child(const std::string& name, const std::vector<std::string>& arguments, const ChildOptions& options) {
    std::vector<std::string> command{"/proc/self/exe", "--serve", name};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return ask_program(command, options);
}

int serve_side(const std::vector<std::string>& name_and_arguments) {
    const auto found = name_and_arguments.empty() ? served_sides().end() : served_sides().find(name_and_arguments[0]);
    if (found == served_sides().end()) {
        return 2;
    }
    const Side side = found->second({name_and_arguments.begin() + 1, name_and_arguments.end()});
    for (std::string line; std::getline(std::cin, line);) {
        const Result<double> figure = side();
        std::cout << (figure ? fmt::format("{:.9g}", *figure) : figure.error().message) << std::endl;
    }
    return 0;
}

} // namespace openportcls::bench
