/* Drivers and their devices. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_DRIVER_H
#define OPENPORTCLS_C_DRIVER_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct opc_driver_options {
    size_t size;
    const char* inf;               /* NULL: the one beside the module */
    const char* const* parameters; /* registry values, "DoNotCreateDataFiles=1"; no name twice */
    size_t parameter_count;
    const char* hardware_id;      /* NULL: the INF's first model */
    bool add_device;              /* also add and start one device */
    const char* inf_architecture; /* whose models of the INF count; NULL: amd64 */
    /* The key below Services and the name in \Driver; NULL: the INF's, or the module's file name. Two drivers of a
     * machine need two names, also when they are the same module twice. */
    const char* service_name;
} opc_driver_options;
OPC_API void opc_driver_options_init(opc_driver_options* options);

/* module: a file that `portcls build` made, or a name ("cable"). opc_driver_release lets go of the handle only. */
OPC_API opc_status opc_driver_load(opc_machine* machine, const char* module, const opc_driver_options* options,
                                   opc_driver** driver);
OPC_API void opc_driver_release(opc_driver* driver);
OPC_API const char* opc_driver_name(const opc_driver* driver);
/* What is wrong with the INF and did not stop the installation: "card.inf:12: warning: ...", each once. The list stays
 * until the next call for the same handle. */
OPC_API opc_status opc_driver_warnings(opc_driver* driver, const char* const** warnings, size_t* count);
/* The same of the INF that opc_driver_load read last, also when that failed. */
OPC_API opc_status opc_machine_load_warnings(opc_machine* machine, const char* const** warnings, size_t* count);

typedef struct opc_leak {
    const char* kind; /* "pool", "device object" … */
    const char* what; /* tag or name */
    uint64_t count;
    uint64_t bytes;
} opc_leak;
/* Removes its devices, calls DriverUnload, takes the module out. The list is what it left behind; both places may
 * be NULL. */
OPC_API opc_status opc_driver_unload(opc_driver* driver, const opc_leak** leaks, size_t* leak_count);

/* Adds and starts one more. hardware_id: NULL for the INF's first model. */
OPC_API opc_status opc_driver_add_device(opc_driver* driver, const char* hardware_id, opc_device** device);
/* The same with values for the device's software key, as in opc_driver_options. */
OPC_API opc_status opc_driver_add_device_with_parameters(opc_driver* driver, const char* hardware_id,
                                                         const char* const* parameters, size_t parameter_count,
                                                         opc_device** device);
/* The devices that are there, in the order they were added in: without removed ones, and without one whose hardware was
 * pulled once the last handle to it has been closed and time has passed. A handle of one that has gone stays good: its
 * state is "removed", and the functions that would change something answer STATUS_NO_SUCH_DEVICE (0xC000000E). */
OPC_API size_t opc_driver_device_count(const opc_driver* driver);
/* index: below the count; STATUS_NO_MORE_ENTRIES (0x8000001A) beyond. opc_device_release lets go of the handle only. */
OPC_API opc_status opc_driver_device(opc_driver* driver, size_t index, opc_device** device);
OPC_API void opc_device_release(opc_device* device);
OPC_API const char* opc_device_path(const opc_device* device); /* ROOT\CABLE\0000 */
OPC_API const char* opc_device_description(const opc_device* device);
OPC_API const char* opc_device_state(opc_device* device); /* "started" …; until the next call */
OPC_API opc_status opc_device_start(opc_device* device);
/* As for a rebalance; refused by drivers that register no IAdapterPnpManagement. */
OPC_API opc_status opc_device_stop(opc_device* device);
OPC_API opc_status opc_device_remove(opc_device* device); /* refused while handles are open */
/* The hardware is gone; what is open fails from now on. */
OPC_API opc_status opc_device_surprise_remove(opc_device* device);
OPC_API opc_status opc_device_set_power(opc_device* device, unsigned d_state); /* 0 to 3 */

typedef struct opc_builtin_driver {
    const char* name;
    const char* description;
    const char* module;
    const char* inf;
    const char* binds_to; /* "software" or a model of opc_hardware_models */
} opc_builtin_driver;
/* Drivers that came with the library. The list stays as long as the library. */
OPC_API size_t opc_builtin_drivers(const opc_builtin_driver** drivers);

#ifdef __cplusplus
}
#endif

#endif
