// A call of a C function that has to be refused, and has to leave what its arguments point to.
#pragma once

#include <openportcls/openportcls.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <ntstatus.h>

namespace openportcls::client {

// An argument whose parameter may be NULL.
template<class T>
struct Optional {
    T value;
};
template<class T>
Optional(T) -> Optional<T>;

template<class T>
T given(T argument) {
    return argument;
}
template<class T>
T given(Optional<T> argument) {
    return argument.value;
}
template<class T>
inline constexpr bool is_optional = false;
template<class T>
inline constexpr bool is_optional<Optional<T>> = true;

template<class T, class = void>
inline constexpr bool is_complete = false;
template<class T>
inline constexpr bool is_complete<T, std::void_t<decltype(sizeof(T))>> = true;

// `opc_x**`: the place of a handle, which is NULL after every failure.
template<class T>
inline constexpr bool is_handle_place = false;
template<class T>
inline constexpr bool is_handle_place<T**> = std::is_class_v<T> && !std::is_const_v<T> && !is_complete<T>;

// What a function could write to, as it was before the call.
template<class Pointer>
class Before {
public:
    explicit Before(Pointer place) : place_(place) {
        if constexpr (is_handle_place<Pointer>) {
            if (place != nullptr) {
                *place = reinterpret_cast<std::remove_pointer_t<Pointer>>(0x10);
            }
        } else if constexpr (is_written) {
            if (place != nullptr) {
                bytes_.assign(first(), first() + sizeof *place);
            }
        }
    }
    void expect_unchanged(const std::string& call) const {
        if constexpr (is_handle_place<Pointer>) {
            EXPECT_TRUE(place_ == nullptr || *place_ == nullptr) << call << " leaves a handle that is none";
        } else if constexpr (is_written) {
            EXPECT_TRUE(place_ == nullptr || std::equal(bytes_.begin(), bytes_.end(), first())) << call << " writes";
        }
    }

private:
    using Pointee = std::remove_pointer_t<Pointer>;
    static constexpr bool is_written = std::is_pointer_v<Pointer> && !std::is_function_v<Pointee> &&
                                       !std::is_void_v<Pointee> && !std::is_const_v<Pointee> && is_complete<Pointee>;
    const unsigned char* first() const { return reinterpret_cast<const unsigned char*>(place_); }

    Pointer place_;
    std::vector<unsigned char> bytes_;
};

// STATUS_INVALID_PARAMETER of those that have a status; 0, false or NULL of the others.
template<class Call>
void expect_refusal(Call&& call, const std::string& what) {
    using Answer = decltype(call());
    if constexpr (std::is_void_v<Answer>) {
        call();
    } else if constexpr (std::is_same_v<Answer, opc_status>) {
        EXPECT_EQ(call(), STATUS_INVALID_PARAMETER) << what;
    } else {
        EXPECT_EQ(call(), Answer{}) << what;
    }
}

} // namespace openportcls::client
