// A formatted text without a heap block: a bugcheck leaves its frames by a jump, and nothing would free it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace openportcls::executive {

class Sentence {
public:
    template<class... Arguments>
    explicit Sentence(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        const auto result = fmt::format_to_n(text_, sizeof text_, format, std::forward<Arguments>(arguments)...);
        size_ = std::min<std::size_t>(result.size, sizeof text_);
    }
    operator std::string_view() const { return {text_, size_}; }

private:
    char text_[400];
    std::size_t size_;
};

} // namespace openportcls::executive
