/* What the tests of the C API share: checks, machines with or without a card, drivers that leave nothing behind. */
#ifndef OPENPORTCLS_C_TEST_H
#define OPENPORTCLS_C_TEST_H

#include <openportcls/openportcls.h>

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__, #condition, opc_last_error());        \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)
#define OK(call) CHECK((call) == 0)

#define MILLISECOND 1000000u
static const opc_status invalid = (opc_status)0xC000000D;

static inline opc_machine* machine_with(const char* card, const char* registry) {
    opc_machine_options options;
    opc_machine_options_init(&options);
    options.hardware = &card;
    options.hardware_count = card != NULL;
    options.registry = registry;
    opc_machine* machine;
    OK(opc_machine_create(&options, &machine));
    return machine;
}

static inline opc_driver* load(opc_machine* machine, const char* name) {
    opc_driver* driver;
    OK(opc_driver_load(machine, name, NULL, &driver));
    return driver;
}

/* Nothing is left of the driver, the handle and the machine. */
static inline void end(opc_driver* driver, opc_machine* machine) {
    const opc_leak* leaks;
    size_t count;
    CHECK(opc_machine_crash_report(machine) == NULL);
    OK(opc_driver_unload(driver, &leaks, &count));
    CHECK(count == 0);
    opc_driver_release(driver);
    opc_machine_destroy(machine);
}

#endif
