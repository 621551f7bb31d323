/* WPP software tracing: its macros are accepted and produce nothing. A driver's generated .tmh headers map to this. */
#ifndef OPC_WPP_H
#define OPC_WPP_H

#ifndef WPP_INIT_TRACING
#define WPP_INIT_TRACING(...) ((void)0)
#endif
#ifndef WPP_CLEANUP
#define WPP_CLEANUP(...) ((void)0)
#endif
#ifndef WPP_DEFINE_CONTROL_GUID
#define WPP_DEFINE_CONTROL_GUID(...)
#endif
#ifndef WPP_DEFINE_BIT
#define WPP_DEFINE_BIT(...)
#endif
#ifndef WPP_LEVEL_LOGGER
#define WPP_LEVEL_LOGGER(...)
#endif
#ifndef WPP_LEVEL_ENABLED
#define WPP_LEVEL_ENABLED(...) (0)
#endif
#ifndef WPP_FLAG_ENABLED
#define WPP_FLAG_ENABLED(...) (0)
#endif
#ifndef WPP_CONTROL
#define WPP_CONTROL(...) (*(struct opc_wpp_control*)0)
struct opc_wpp_control {
    unsigned char Level;
    unsigned int Flags[1];
};
#endif
#ifndef WPP_SYSTEMCONTROL
#define WPP_SYSTEMCONTROL(...)
#endif
#ifndef WPP_RECORDER_LEVEL_FLAGS_ARGS
#define WPP_RECORDER_LEVEL_FLAGS_ARGS(...)
#endif
#ifndef WPP_RECORDER_LEVEL_FLAGS_FILTER
#define WPP_RECORDER_LEVEL_FLAGS_FILTER(...) (0)
#endif

#endif
