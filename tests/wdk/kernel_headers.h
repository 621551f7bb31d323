/* Every kernel header, in one unit. */
#include <TraceLoggingProvider.h>
#include <WppRecorder.h>
#include <evntrace.h>
#include <intsafe.h>
#include <ntifs.h>
#include <ntintsafe.h>
#include <ntstrsafe.h>
#include <ntverp.h>
#include <seh.h>
#include <wdf.h>
#include <wdfminiport.h>
#include <wdfusb.h>
#include <wdmguid.h>
#include <wdmsec.h>
#include <windows.h>
#include <wmilib.h>
#include <wsk.h>
