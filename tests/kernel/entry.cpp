#include "driver_test.h"

// Constructors run file by file; the list is put in order when it is asked for.
static DriverTest* first_test;
static DriverTestRequest* running;

DriverTest::DriverTest(const char* suite, const char* name, void (*run)())
    : suite_(suite), name_(name), run_(run), next_(first_test) {
    first_test = this;
}

void DriverTest::fail(const char* file, int line, const char* expression) {
    if (running->failures++ == 0) {
        running->file = file;
        running->line = line;
        running->expression = expression;
    }
}

void DriverTest::answer(DriverTestRequest& request) {
    request.count = 0;
    for (DriverTest* test = first_test; test != nullptr; test = test->next_) {
        if (request.count++ == request.index) {
            request.suite = test->suite_;
            request.name = test->name_;
            if (request.run) {
                running = &request;
                test->run_();
                running = nullptr;
            }
        }
    }
}

extern "C" DRIVER_INITIALIZE DriverEntry;

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING RegistryPath) {
    DriverTest::answer(*reinterpret_cast<DriverTestRequest*>(RegistryPath));
    return STATUS_SUCCESS;
}
