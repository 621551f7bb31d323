// Tests that are part of a driver.
#pragma once

#include <ntddk.h>

#include "driver_test_request.h"

class DriverTest {
public:
    DriverTest(const char* suite, const char* name, void (*run)());
    static void answer(DriverTestRequest& request);
    static void fail(const char* file, int line, const char* expression);

private:
    const char* suite_;
    const char* name_;
    void (*run_)();
    DriverTest* next_;
};

#define DRIVER_TEST(suite, name)                                                                                       \
    static void suite##_##name();                                                                                      \
    static DriverTest suite##_##name##_registration(#suite, #name, &suite##_##name);                                   \
    static void suite##_##name()

#define CHECK(...)                                                                                                     \
    do {                                                                                                               \
        if (!(__VA_ARGS__)) {                                                                                          \
            DriverTest::fail(__FILE__, __LINE__, #__VA_ARGS__);                                                        \
        }                                                                                                              \
    } while (0)
