/* The simulated computer: options, time, power, traces. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_MACHINE_H
#define OPENPORTCLS_C_MACHINE_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { OPC_FIRST_COME = 0, OPC_RANDOM = 1, OPC_PCT = 2 };

typedef struct opc_machine_options {
    size_t size;
    int scheduling; /* OPC_FIRST_COME … */
    uint64_t seed;
    unsigned pct_depth;        /* priority changes with OPC_PCT; at most 1000 */
    unsigned processors;       /* 1 to 32 */
    bool paced;                /* in step with the host's clock; false: as fast as possible */
    unsigned watchdog_seconds; /* host CPU time a driver may spin without calling the kernel; 0: for ever */
    const char* windows;       /* "xp", "vista", "7", "8", "8.1", "10", "11" */
    const char* sandbox;       /* folder that stands for C:; NULL: a private one that goes with the machine */
    const char* registry;      /* file that keeps the registry; NULL: in memory */
    /* Cards in the computer, of the models that opc_hardware_models lists: "sb16", "sb16:io=240,irq=7". */
    const char* const* hardware;
    size_t hardware_count;
} opc_machine_options;
OPC_API void opc_machine_options_init(opc_machine_options* options);

/* options: NULL for the usual values. */
OPC_API opc_status opc_machine_create(const opc_machine_options* options, opc_machine** machine);
OPC_API void opc_machine_destroy(opc_machine* machine);
OPC_API uint64_t opc_machine_now(const opc_machine* machine); /* nanoseconds of simulated time */
OPC_API opc_status opc_machine_run_for(opc_machine* machine, uint64_t nanoseconds);
/* s_state: 1 to 4, from which opc_machine_wake leads back, or 5: off. Then time stands still, and what would ask a
 * driver is STATUS_SYSTEM_SHUTDOWN (0xC00002FE); handles can be closed. */
OPC_API opc_status opc_machine_sleep(opc_machine* machine, unsigned s_state);
OPC_API opc_status opc_machine_wake(opc_machine* machine);
/* A new machine is on AC power; on battery other times count until idle devices lose power. */
OPC_API opc_status opc_machine_set_on_battery(opc_machine* machine, int is_on_battery);
/* The bugcheck report when a driver has crashed, NULL otherwise. */
OPC_API const char* opc_machine_crash_report(opc_machine* machine);
/* What drivers print; NULL ends it. Called from inside the machine: it may call nothing of this library. `text` is
 * zero-terminated and only there during the call. */
typedef void (*opc_print_function)(void* context, const char* text);
OPC_API void opc_machine_on_debug_print(opc_machine* machine, opc_print_function print, void* context);
/* Writes opc_machine_options.registry now. The machine does so at its end, too, when nobody hears of a failure. */
OPC_API opc_status opc_machine_save_registry(opc_machine* machine);
/* How often drivers have reported that they lost sound. What clients lose is counted by their streams. */
OPC_API uint64_t opc_machine_reported_glitches(const opc_machine* machine);
/* A timeline for https://ui.perfetto.dev; opc_machine_stop_trace completes the file. */
OPC_API opc_status opc_machine_start_trace(opc_machine* machine, const char* file);
OPC_API opc_status opc_machine_stop_trace(opc_machine* machine);

/* ---- what it can be made of ------------------------------------------------------------------------------------- */

typedef struct opc_hardware_option {
    const char* name;
    const char* default_value;
    const char* description;
} opc_hardware_option;
/* A model of a card that a computer can have. */
typedef struct opc_hardware_model {
    const char* name;
    const char* description;
    const char* binds_to; /* how a driver comes to it */
    const opc_hardware_option* options;
    size_t option_count;
} opc_hardware_model;
/* The list stays as long as the library. */
OPC_API size_t opc_hardware_models(const opc_hardware_model** models);

#ifdef __cplusplus
}
#endif

#endif
