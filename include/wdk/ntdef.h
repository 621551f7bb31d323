/* The types every Windows header starts from. */
#ifndef _NTDEF_
#define _NTDEF_

#include "basetsd.h"
#include "guiddef.h"
#include "opc_abi.h"
#include "specstrings.h"
#if OPC_DRIVER
#include "crt/ctype.h"
#include "opc/interlocked.h"
#include "seh.h"
#endif

#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef NOTHING
#define NOTHING
#endif
#ifndef CRITICAL
#define CRITICAL
#endif
#ifndef CONST
#define CONST const
#endif
#ifndef FAR
#define FAR
#endif
#ifndef NEAR
#define NEAR
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef NULL
#ifdef __cplusplus
#define NULL 0
#else
#define NULL ((void*)0)
#endif
#endif
#ifndef NULL64
#define NULL64 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

typedef void* PVOID;
typedef const void* PCVOID;
typedef PVOID HANDLE, *PHANDLE;
#define DECLARE_HANDLE(name)                                                                                           \
    struct name##__ {                                                                                                  \
        int unused;                                                                                                    \
    };                                                                                                                 \
    typedef struct name##__* name

typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef UCHAR FCHAR;
typedef USHORT FSHORT;
typedef ULONG FLONG;
typedef LONG HRESULT;
typedef ULONG LOGICAL, *PLOGICAL;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef const NTSTATUS* PCNTSTATUS;
typedef USHORT TXFS_MINIVERSION;
typedef ULONG CLONG, *PCLONG;
typedef LONGLONG USN;
typedef LONG KPRIORITY;
typedef ULONG LCID, *PLCID;
typedef USHORT LANGID;
typedef const UCHAR* PCUCHAR;
typedef const USHORT* PCUSHORT;
typedef const ULONG* PCULONG;

typedef CHAR *PNZCH, *PCH, *LPCH, *PSTR, *LPSTR, *NPSTR;
typedef const CHAR *PCNZCH, *PCCH, *LPCCH, *PCSTR, *LPCSTR, *PCSZ;
typedef CHAR *PSZ, *PZZSTR;
typedef const CHAR* PCZZSTR;
typedef PSTR* PZPSTR;
typedef PCSTR* PCZPSTR;
typedef WCHAR *PWCHAR, *PWCH, *LPWCH, *PWSTR, *LPWSTR, *NWPSTR, *PZZWSTR, *PUZZWSTR;
typedef const WCHAR *PCWCH, *LPCWCH, *PCWCHAR, *LPCWCHAR, *PCWSTR, *LPCWSTR, *LPCUWSTR, *PCUWSTR, *PCZZWSTR;
typedef PWSTR* PZPWSTR;
typedef PCWSTR* PCZPWSTR;
typedef ULONG UCSCHAR, *PUCSCHAR, *PUCSSTR;
typedef WCHAR *PNZWCH, *PUNZWCH;
typedef const WCHAR *PCNZWCH, *PCUNZWCH;
#if defined(UNICODE) || defined(_UNICODE)
typedef WCHAR TCHAR, *PTCHAR;
#else
typedef CHAR TCHAR, *PTCHAR;
#endif
#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)
#ifndef TEXT
#ifdef UNICODE
#define __TEXT(quote) OPC_L(quote)
#else
#define __TEXT(quote) quote
#endif
#define TEXT(quote) __TEXT(quote)
#endif

#define NT_SUCCESS(status) (((NTSTATUS)(status)) >= 0)
#define NT_INFORMATION(status) ((((ULONG)(status)) >> 30) == 1)
#define NT_WARNING(status) ((((ULONG)(status)) >> 30) == 2)
#define NT_ERROR(status) ((((ULONG)(status)) >> 30) == 3)
#define APPLICATION_ERROR_MASK 0x20000000
#define ERROR_SEVERITY_SUCCESS 0x00000000
#define ERROR_SEVERITY_INFORMATIONAL 0x40000000
#define ERROR_SEVERITY_WARNING 0x80000000
#define ERROR_SEVERITY_ERROR 0xC0000000

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _QUAD {
    union {
        LONGLONG UseThisFieldToCopy;
        double DoNotUseThisField;
    };
} QUAD, *PQUAD, UQUAD, *PUQUAD;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY* Flink;
    struct _LIST_ENTRY* Blink;
} LIST_ENTRY, *PLIST_ENTRY;
typedef LIST_ENTRY* PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY* Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct _LIST_ENTRY32 {
    ULONG Flink;
    ULONG Blink;
} LIST_ENTRY32, *PLIST_ENTRY32;

typedef struct _LIST_ENTRY64 {
    ULONGLONG Flink;
    ULONGLONG Blink;
} LIST_ENTRY64, *PLIST_ENTRY64;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING, *PUTF8_STRING;
typedef const STRING *PCOEM_STRING, *PCANSI_STRING, *PCUTF8_STRING;

typedef struct _CSTRING {
    USHORT Length;
    USHORT MaximumLength;
    const char* Buffer;
} CSTRING, *PCSTRING;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING* PCUNICODE_STRING;

#define DECLARE_CONST_UNICODE_STRING(name, text)                                                                       \
    static const WCHAR name##_buffer[] __attribute__((unused)) = text;                                                 \
    static const UNICODE_STRING name                                                                                   \
        __attribute__((unused)) = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)name##_buffer}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(name, text)                                                                \
    __attribute__((weak)) extern const WCHAR name##_buffer[] = text;                                                   \
    __attribute__((weak)) extern const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text),              \
                                                              (PWCH)name##_buffer}
#define DECLARE_UNICODE_STRING_SIZE(name, size)                                                                        \
    WCHAR name##_buffer[size];                                                                                         \
    UNICODE_STRING name = {0, (size) * sizeof(WCHAR), name##_buffer}
#define RTL_CONSTANT_STRING(text) {sizeof(text) - sizeof((text)[0]), sizeof(text), (PWCH)(text)}

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES* PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002L
#define OBJ_PERMANENT 0x00000010L
#define OBJ_EXCLUSIVE 0x00000020L
#define OBJ_CASE_INSENSITIVE 0x00000040L
#define OBJ_OPENIF 0x00000080L
#define OBJ_OPENLINK 0x00000100L
#define OBJ_KERNEL_HANDLE 0x00000200L
#define OBJ_FORCE_ACCESS_CHECK 0x00000400L
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800L
#define OBJ_DONT_REPARSE 0x00001000L
#define OBJ_VALID_ATTRIBUTES 0x00001FF2L

#define InitializeObjectAttributes(attributes, name, flags, root, security)                                            \
    {                                                                                                                  \
        (attributes)->Length = sizeof(OBJECT_ATTRIBUTES);                                                              \
        (attributes)->RootDirectory = root;                                                                            \
        (attributes)->Attributes = flags;                                                                              \
        (attributes)->ObjectName = name;                                                                               \
        (attributes)->SecurityDescriptor = security;                                                                   \
        (attributes)->SecurityQualityOfService = NULL;                                                                 \
    }
#define RTL_CONSTANT_OBJECT_ATTRIBUTES(name, flags)                                                                    \
    {sizeof(OBJECT_ATTRIBUTES), NULL, RTL_CONST_CAST(PUNICODE_STRING)(name), flags, NULL, NULL}
#define RTL_INIT_OBJECT_ATTRIBUTES(name, flags) RTL_CONSTANT_OBJECT_ATTRIBUTES(name, flags)
#ifdef __cplusplus
#define RTL_CONST_CAST(type) const_cast<type>
#else
#define RTL_CONST_CAST(type) (type)
#endif

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue, WaitDpc } WAIT_TYPE;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;
typedef const GROUP_AFFINITY* PCGROUP_AFFINITY;

typedef struct _FLOAT128 {
    LONGLONG LowPart;
    LONGLONG HighPart;
} FLOAT128, *PFLOAT128;

typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONGLONG Low;
    LONGLONG High;
} M128A, *PM128A;

#define MINCHAR 0x80
#define MAXCHAR 0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG ((LONG)0x80000000)
#define MAXLONG 0x7fffffff
#define MAXUCHAR 0xff
#define MAXUSHORT 0xffff
#define MAXULONG 0xffffffffu
#define MAXLONGLONG (0x7fffffffffffffffLL)

#define LANG_NEUTRAL 0x00
#define SUBLANG_NEUTRAL 0x00
#define MAKELANGID(primary, sub) ((((USHORT)(sub)) << 10) | (USHORT)(primary))

#define FIELD_OFFSET(type, field) ((LONG) __builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG) __builtin_offsetof(type, field))
#define FIELD_SIZE(type, field) (sizeof(((type*)0)->field))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type*)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (__builtin_offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(record, size, field)                                                                        \
    ((((PCHAR)(&(record)->field)) + sizeof((record)->field)) <= (((PCHAR)(record)) + (size)))
#define RTL_FIELD_TYPE(type, field) (((type*)0)->field)
#define RTL_NUMBER_OF_V1(array) (sizeof(array) / sizeof((array)[0]))
#define RTL_NUMBER_OF_V2(array) RTL_NUMBER_OF_V1(array)
#define RTL_NUMBER_OF(array) RTL_NUMBER_OF_V1(array)
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(RTL_FIELD_TYPE(type, field)))
#define RTL_PADDING_BETWEEN_FIELDS(type, first, second)                                                                \
    ((FIELD_OFFSET(type, second) > FIELD_OFFSET(type, first))                                                          \
         ? (FIELD_OFFSET(type, second) - FIELD_OFFSET(type, first) - FIELD_SIZE(type, first))                          \
         : (FIELD_OFFSET(type, first) - FIELD_OFFSET(type, second) - FIELD_SIZE(type, second)))
#define ARRAYSIZE(array) RTL_NUMBER_OF_V2(array)
#define _ARRAYSIZE(array) RTL_NUMBER_OF_V1(array)
#ifndef CONTAINING_RECORD
#define CONTAINING_RECORD(address, type, field) ((type*)((char*)(address) - __builtin_offsetof(type, field)))
#endif
#define TYPE_ALIGNMENT(type)                                                                                           \
    __builtin_offsetof(                                                                                                \
        struct {                                                                                                       \
            char x;                                                                                                    \
            type test;                                                                                                 \
        },                                                                                                             \
        test)
#define PROBE_ALIGNMENT(type) TYPE_ALIGNMENT(type)

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#define DEFAULT_UNREACHABLE __builtin_unreachable()
#define C_ASSERT(expression) OPC_STATIC_ASSERT(expression, #expression)

#define ANYSIZE_ARRAY 1

#if OPC_DRIVER
#define __INT64 __int64
#endif

#ifdef __cplusplus
#define DEFINE_ENUM_FLAG_OPERATORS(Type)                                                                               \
    extern "C++" {                                                                                                     \
    inline constexpr Type operator|(Type a, Type b) {                                                                  \
        return Type(((unsigned)a) | ((unsigned)b));                                                                    \
    }                                                                                                                  \
    inline Type& operator|=(Type& a, Type b) {                                                                         \
        return a = a | b;                                                                                              \
    }                                                                                                                  \
    inline constexpr Type operator&(Type a, Type b) {                                                                  \
        return Type(((unsigned)a) & ((unsigned)b));                                                                    \
    }                                                                                                                  \
    inline Type& operator&=(Type& a, Type b) {                                                                         \
        return a = a & b;                                                                                              \
    }                                                                                                                  \
    inline constexpr Type operator~(Type a) {                                                                          \
        return Type(~((unsigned)a));                                                                                   \
    }                                                                                                                  \
    inline constexpr Type operator^(Type a, Type b) {                                                                  \
        return Type(((unsigned)a) ^ ((unsigned)b));                                                                    \
    }                                                                                                                  \
    inline Type& operator^=(Type& a, Type b) {                                                                         \
        return a = a ^ b;                                                                                              \
    }                                                                                                                  \
    }
#else
#define DEFINE_ENUM_FLAG_OPERATORS(Type)
#endif

/* Operator new with an alignment argument is declared by some drivers without including <new>. */
#if defined(__cplusplus) && OPC_DRIVER
#include "crt/new"
#endif

#define LOCALE_NEUTRAL 0
#define LOCALE_INVARIANT 0x7F

#endif
