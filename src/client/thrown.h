// What an application's callback has thrown: kept until the application makes a call that can answer it.
#pragma once

#include <exception>
#include <optional>
#include <string>

namespace openportcls::client {

class Thrown {
public:
    // In the handler that has caught it.
    void keep() { exception_ = std::current_exception(); }
    // ": what it says", or empty where it says nothing; once. Nothing when nothing was thrown.
    std::optional<std::string> take();

private:
    std::exception_ptr exception_;
};

} // namespace openportcls::client
