#include "client/thrown.h"

#include <utility>

namespace openportcls::client {

std::optional<std::string> Thrown::take() {
    if (exception_ == nullptr) {
        return std::nullopt;
    }
    try {
        std::rethrow_exception(std::exchange(exception_, nullptr));
    } catch (const std::exception& exception) {
        return std::string(": ") + exception.what();
    } catch (...) { // of a type that nobody here knows
        return std::string();
    }
}

} // namespace openportcls::client
