// Result<T>: a value, or an NTSTATUS with the context a person needs to act on it. value(), * and -> are for where
// there is a value, error() for where there is none: `if (!result) … result.error()` comes first, as with
// std::optional.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace openportcls {

// An error: `status` is the NTSTATUS a Windows caller would see, `message` says what happened to what, in one line.
struct Error {
    std::int32_t status = 0;
    std::string message;
};

template<class T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return content_.index() == 0; }
    T& value() & { return *std::get_if<0>(&content_); }
    const T& value() const& { return *std::get_if<0>(&content_); }
    T&& value() && { return std::move(*std::get_if<0>(&content_)); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const { return *std::get_if<1>(&content_); }
    std::int32_t status() const { return *this ? 0 : error().status; }

private:
    std::variant<T, Error> content_;
};

template<>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}

    explicit operator bool() const { return !failed_; }
    const Error& error() const { return error_; }
    std::int32_t status() const { return failed_ ? error_.status : 0; }

private:
    Error error_;
    bool failed_ = false;
};

} // namespace openportcls
