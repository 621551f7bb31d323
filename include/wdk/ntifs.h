/* Kernel interfaces for file system drivers: here the same as ntddk.h, and the few calls audio drivers took from it. */
#ifndef _NTIFS_
#define _NTIFS_
#include "ntddk.h"

typedef struct _FILE_RENAME_INFORMATION {
    union {
        BOOLEAN ReplaceIfExists; /* FileRenameInformation */
        ULONG Flags;             /* FileRenameInformationEx */
    };
    HANDLE RootDirectory;
    ULONG FileNameLength;
    WCHAR FileName[1];
} FILE_RENAME_INFORMATION, *PFILE_RENAME_INFORMATION;

#endif
