// What the host asks of the module of driver tests, through DriverEntry's second parameter.
#pragma once

struct DriverTestRequest {
    unsigned index; // which test
    int run;        // 0: tell its names only
    unsigned count; // of tests in the module
    const char* suite;
    const char* name;
    unsigned failures;
    const char* file; // of the first failure
    int line;
    const char* expression;
};
