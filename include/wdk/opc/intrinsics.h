/*
 * Instructions that Microsoft's compiler has functions for (https://learn.microsoft.com/cpp/intrinsics/). What a kernel
 * may do with the processor means the machine's here: ports are its ports, CR8 is the IRQL (as it is on x64), the time
 * stamp counter is its time, CPUID tells of a processor with what every x64 has. _disable() keeps interrupts and DPCs
 * from this processor of the machine, as HIGH_LEVEL does, whatever the IRQL. What the machine has nothing for (model
 * specific and control registers, GS) stops it with a report that names the instruction.
 */
#ifndef OPC_INTRINSICS_H
#define OPC_INTRINSICS_H

#include "../basetsd.h"

#ifdef __cplusplus
extern "C" {
#endif

NTKERNELAPI void NTAPI OpcDisableInterrupts(void);
NTKERNELAPI void NTAPI OpcEnableInterrupts(void);
NTKERNELAPI ULONG64 NTAPI OpcReadFlags(void);
NTKERNELAPI void NTAPI OpcWriteFlags(ULONG64 Flags);
NTKERNELAPI ULONG64 NTAPI OpcReadIrql(void);
NTKERNELAPI void NTAPI OpcWriteIrql(ULONG64 Level);
NTKERNELAPI ULONG64 NTAPI OpcReadTimeStampCounter(void);
NTKERNELAPI void NTAPI OpcCpuid(INT* Registers, INT Leaf, INT Subleaf);
NTKERNELAPI void NTAPI OpcFlushCaches(void);
/* `Intrinsic` is what the driver called, `Operand` the register or address. */
NTKERNELAPI DECLSPEC_NORETURN void NTAPI OpcNoSuchInstruction(const char* Intrinsic, ULONG64 Operand);

#if OPC_DRIVER
NTHALAPI UCHAR NTAPI READ_PORT_UCHAR(PUCHAR Port);
NTHALAPI USHORT NTAPI READ_PORT_USHORT(PUSHORT Port);
NTHALAPI ULONG NTAPI READ_PORT_ULONG(PULONG Port);
NTHALAPI void NTAPI READ_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count);
NTHALAPI void NTAPI READ_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count);
NTHALAPI void NTAPI READ_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count);
NTHALAPI void NTAPI WRITE_PORT_UCHAR(PUCHAR Port, UCHAR Value);
NTHALAPI void NTAPI WRITE_PORT_USHORT(PUSHORT Port, USHORT Value);
NTHALAPI void NTAPI WRITE_PORT_ULONG(PULONG Port, ULONG Value);
NTHALAPI void NTAPI WRITE_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count);
NTHALAPI void NTAPI WRITE_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count);
NTHALAPI void NTAPI WRITE_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count);

/* Functions, not macros: drivers declare them themselves. */
#define OPC_INTRINSIC(result, name) static FORCEINLINE __attribute__((unused)) result name

OPC_INTRINSIC(UCHAR, __inbyte)(USHORT port) {
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)port);
}
OPC_INTRINSIC(USHORT, __inword)(USHORT port) {
    return READ_PORT_USHORT((PUSHORT)(ULONG_PTR)port);
}
OPC_INTRINSIC(ULONG, __indword)(USHORT port) {
    return READ_PORT_ULONG((PULONG)(ULONG_PTR)port);
}
OPC_INTRINSIC(void, __outbyte)(USHORT port, UCHAR value) {
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)port, value);
}
OPC_INTRINSIC(void, __outword)(USHORT port, USHORT value) {
    WRITE_PORT_USHORT((PUSHORT)(ULONG_PTR)port, value);
}
OPC_INTRINSIC(void, __outdword)(USHORT port, ULONG value) {
    WRITE_PORT_ULONG((PULONG)(ULONG_PTR)port, value);
}
#define OPC_PORT_STRING(direction, call, letter, type)                                                                 \
    OPC_INTRINSIC(void, __##direction##letter##string)(USHORT port, type * buffer, ULONG count) {                      \
        call((type*)(ULONG_PTR)port, buffer, count);                                                                   \
    }
OPC_PORT_STRING(in, READ_PORT_BUFFER_UCHAR, byte, UCHAR)
OPC_PORT_STRING(in, READ_PORT_BUFFER_USHORT, word, USHORT)
OPC_PORT_STRING(in, READ_PORT_BUFFER_ULONG, dword, ULONG)
OPC_PORT_STRING(out, WRITE_PORT_BUFFER_UCHAR, byte, UCHAR)
OPC_PORT_STRING(out, WRITE_PORT_BUFFER_USHORT, word, USHORT)
OPC_PORT_STRING(out, WRITE_PORT_BUFFER_ULONG, dword, ULONG)
#undef OPC_PORT_STRING

OPC_INTRINSIC(void, _disable)(void) {
    OpcDisableInterrupts();
}
OPC_INTRINSIC(void, _enable)(void) {
    OpcEnableInterrupts();
}
OPC_INTRINSIC(ULONG64, __readcr8)(void) {
    return OpcReadIrql();
}
OPC_INTRINSIC(void, __writecr8)(ULONG64 level) {
    OpcWriteIrql(level);
}
/* The compiler has these names for itself. */
#define __readeflags() OpcReadFlags()
#define __writeeflags(flags) OpcWriteFlags(flags)
#define __getcallerseflags() ((unsigned int)OpcReadFlags())
#define __rdtsc() OpcReadTimeStampCounter()
#define __cpuid(registers, leaf) OpcCpuid((INT*)(registers), (INT)(leaf), 0)
#define __cpuidex(registers, leaf, subleaf) OpcCpuid((INT*)(registers), (INT)(leaf), (INT)(subleaf))
OPC_INTRINSIC(void, __wbinvd)(void) {
    OpcFlushCaches();
}

/* As the string instructions do: upwards, one element after the other. */
#define OPC_STRING_MOVE(letter, type)                                                                                  \
    OPC_INTRINSIC(void, __movs##letter)(type * target, const type* source, SIZE_T count) {                             \
        for (SIZE_T i = 0; i < count; ++i) {                                                                           \
            __builtin_memcpy((char*)target + i * sizeof(type), (const char*)source + i * sizeof(type), sizeof(type));  \
        }                                                                                                              \
    }
OPC_STRING_MOVE(b, UCHAR)
OPC_STRING_MOVE(w, USHORT)
OPC_STRING_MOVE(d, ULONG)
OPC_STRING_MOVE(q, ULONG64)
#undef OPC_STRING_MOVE
#define OPC_STRING_STORE(letter, type)                                                                                 \
    OPC_INTRINSIC(void, __stos##letter)(type * target, type value, SIZE_T count) {                                     \
        for (SIZE_T i = 0; i < count; ++i) {                                                                           \
            __builtin_memcpy((char*)target + i * sizeof(type), &value, sizeof(type));                                  \
        }                                                                                                              \
    }
void __stosb(UCHAR* target, UCHAR value, SIZE_T count); /* the compiler's own */
OPC_STRING_STORE(w, USHORT)
OPC_STRING_STORE(d, ULONG)
OPC_STRING_STORE(q, ULONG64)
#undef OPC_STRING_STORE

OPC_INTRINSIC(ULONG64, __ll_lshift)(ULONG64 value, int bits) {
    return value << (bits & 63);
}
OPC_INTRINSIC(ULONG64, __ull_rshift)(ULONG64 value, int bits) {
    return value >> (bits & 63);
}
OPC_INTRINSIC(LONGLONG, __ll_rshift)(LONGLONG value, int bits) {
    return value >> (bits & 63);
}
OPC_INTRINSIC(LONGLONG, _abs64)(LONGLONG value) {
    return value < 0 ? (LONGLONG)(0 - (ULONG64)value) : value;
}
long long __emul(int left, int right);
unsigned long long __emulu(unsigned int left, unsigned int right);
unsigned long long __shiftleft128(unsigned long long low, unsigned long long high, unsigned char bits);
unsigned long long __shiftright128(unsigned long long low, unsigned long long high, unsigned char bits);
void __faststorefence(void);

/* Nothing of the machine answers to these. */
#define OPC_NOTHING_READ(result, name, parameter)                                                                      \
    OPC_INTRINSIC(result, name)(parameter operand) {                                                                   \
        OpcNoSuchInstruction(#name, (ULONG64)operand);                                                                 \
    }
#define OPC_NOTHING_WRITTEN(name, parameter, type)                                                                     \
    OPC_INTRINSIC(void, name)(parameter operand, type value) {                                                         \
        (void)value;                                                                                                   \
        OpcNoSuchInstruction(#name, (ULONG64)operand);                                                                 \
    }
#define OPC_NO_REGISTER(number)                                                                                        \
    OPC_INTRINSIC(ULONG64, __readcr##number)(void) {                                                                   \
        OpcNoSuchInstruction("__readcr" #number, number);                                                              \
    }                                                                                                                  \
    OPC_INTRINSIC(void, __writecr##number)(ULONG64 value) {                                                            \
        (void)value;                                                                                                   \
        OpcNoSuchInstruction("__writecr" #number, number);                                                             \
    }
OPC_NO_REGISTER(0)
OPC_NO_REGISTER(2)
OPC_NO_REGISTER(3)
OPC_NO_REGISTER(4)
#undef OPC_NO_REGISTER
/* The time stamp counter is one of them. */
OPC_INTRINSIC(ULONG64, __readmsr)(ULONG number) {
    if (number == 0x10) {
        return OpcReadTimeStampCounter();
    }
    OpcNoSuchInstruction("__readmsr", number);
}
OPC_NOTHING_WRITTEN(__writemsr, ULONG, ULONG64)
OPC_NOTHING_READ(ULONG64, __readpmc, ULONG)
OPC_NOTHING_READ(ULONG64, __readdr, unsigned int)
OPC_NOTHING_WRITTEN(__writedr, unsigned int, ULONG64)
OPC_NOTHING_READ(void, __invlpg, void*)
OPC_NOTHING_READ(void, __lidt, void*)
OPC_NOTHING_READ(void, __sidt, void*)
OPC_NOTHING_READ(void, _lgdt, void*)
OPC_NOTHING_READ(void, _sgdt, void*)
OPC_INTRINSIC(void, __halt)(void) {
    OpcNoSuchInstruction("__halt", 0);
}
#define OPC_NO_GS(size, type)                                                                                          \
    OPC_NOTHING_READ(type, OpcReadGs##size, ULONG)                                                                     \
    OPC_NOTHING_WRITTEN(OpcWriteGs##size, ULONG, type)                                                                 \
    OPC_NOTHING_WRITTEN(__addgs##size, ULONG, type)                                                                    \
    OPC_NOTHING_READ(void, __incgs##size, ULONG)
OPC_NO_GS(byte, UCHAR)
OPC_NO_GS(word, USHORT)
OPC_NO_GS(dword, ULONG)
OPC_NO_GS(qword, ULONG64)
#undef OPC_NO_GS
#undef OPC_NOTHING_READ
#undef OPC_NOTHING_WRITTEN
/* The compiler has these names for itself. */
#define __readgsbyte OpcReadGsbyte
#define __readgsword OpcReadGsword
#define __readgsdword OpcReadGsdword
#define __readgsqword OpcReadGsqword
#define __writegsbyte OpcWriteGsbyte
#define __writegsword OpcWriteGsword
#define __writegsdword OpcWriteGsdword
#define __writegsqword OpcWriteGsqword

#define __nop() __asm__ volatile("nop")
#define __int2c() __asm__ volatile("int $0x2c")
#define __ud2() __builtin_trap()
#endif

#ifdef __cplusplus
}
#endif

#define PF_TEMPORAL_LEVEL_1 1
#define PF_TEMPORAL_LEVEL_2 2
#define PF_TEMPORAL_LEVEL_3 3
#define PF_NON_TEMPORAL_LEVEL_ALL 0
#define PreFetchCacheLine(level, address) __builtin_prefetch((const void*)(address), 0, level)
#define PrefetchForWrite(address) __builtin_prefetch((const void*)(address), 1)
#define ReadForWriteAccess(address) (*(address))

#endif
