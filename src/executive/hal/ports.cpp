// Port and register accesses. Each spends its nominal cost before it happens, and is a preemption point.
#include <wdm.h>

#include "executive/hal/access_cost.h"
#include "executive/hal/port_access.h"
#include "executive/kernel.h"

using namespace openportcls;
using executive::Kernel;
using executive::read_port;
using executive::width_of;
using executive::write_port;
namespace access_cost = executive::access_cost;

namespace {

template<class T>
T read_register(const volatile T* address) {
    Kernel& kernel = Kernel::current();
    kernel.machine.spend(access_cost::register_read);
    return static_cast<T>(kernel.io_space.read(address, width_of<T>));
}

template<class T>
void write_register(volatile T* address, T value) {
    Kernel& kernel = Kernel::current();
    kernel.machine.spend(access_cost::register_write);
    kernel.machine.ordered_before_interrupts();
    kernel.io_space.write(address, width_of<T>, value);
}

template<class T>
void read_port_buffer(const volatile T* port, T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
        buffer[i] = read_port(port);
    }
}

template<class T>
void write_port_buffer(volatile T* port, const T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
        write_port(port, buffer[i]);
    }
}

// Unlike the port forms, these walk through the registers.
template<class T>
void read_register_buffer(const volatile T* address, T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
        buffer[i] = read_register(address + i);
    }
}

template<class T>
void write_register_buffer(volatile T* address, const T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
        write_register(address + i, buffer[i]);
    }
}

} // namespace

extern "C" {

UCHAR NTAPI READ_PORT_UCHAR(PUCHAR port) {
    return read_port(port);
}
USHORT NTAPI READ_PORT_USHORT(PUSHORT port) {
    return read_port(port);
}
ULONG NTAPI READ_PORT_ULONG(PULONG port) {
    return read_port(port);
}
void NTAPI READ_PORT_BUFFER_UCHAR(PUCHAR port, PUCHAR buffer, ULONG count) {
    read_port_buffer(port, buffer, count);
}
void NTAPI READ_PORT_BUFFER_USHORT(PUSHORT port, PUSHORT buffer, ULONG count) {
    read_port_buffer(port, buffer, count);
}
void NTAPI READ_PORT_BUFFER_ULONG(PULONG port, PULONG buffer, ULONG count) {
    read_port_buffer(port, buffer, count);
}
void NTAPI WRITE_PORT_UCHAR(PUCHAR port, UCHAR value) {
    write_port(port, value);
}
void NTAPI WRITE_PORT_USHORT(PUSHORT port, USHORT value) {
    write_port(port, value);
}
void NTAPI WRITE_PORT_ULONG(PULONG port, ULONG value) {
    write_port(port, value);
}
void NTAPI WRITE_PORT_BUFFER_UCHAR(PUCHAR port, PUCHAR buffer, ULONG count) {
    write_port_buffer(port, buffer, count);
}
void NTAPI WRITE_PORT_BUFFER_USHORT(PUSHORT port, PUSHORT buffer, ULONG count) {
    write_port_buffer(port, buffer, count);
}
void NTAPI WRITE_PORT_BUFFER_ULONG(PULONG port, PULONG buffer, ULONG count) {
    write_port_buffer(port, buffer, count);
}

UCHAR NTAPI READ_REGISTER_UCHAR(volatile UCHAR* address) {
    return read_register(address);
}
USHORT NTAPI READ_REGISTER_USHORT(volatile USHORT* address) {
    return read_register(address);
}
ULONG NTAPI READ_REGISTER_ULONG(volatile ULONG* address) {
    return read_register(address);
}
ULONG64 NTAPI READ_REGISTER_ULONG64(volatile ULONG64* address) {
    return read_register(address);
}
void NTAPI READ_REGISTER_BUFFER_UCHAR(volatile UCHAR* address, PUCHAR buffer, ULONG count) {
    read_register_buffer(address, buffer, count);
}
void NTAPI READ_REGISTER_BUFFER_USHORT(volatile USHORT* address, PUSHORT buffer, ULONG count) {
    read_register_buffer(address, buffer, count);
}
void NTAPI READ_REGISTER_BUFFER_ULONG(volatile ULONG* address, PULONG buffer, ULONG count) {
    read_register_buffer(address, buffer, count);
}
void NTAPI READ_REGISTER_BUFFER_ULONG64(volatile ULONG64* address, PULONG64 buffer, ULONG count) {
    read_register_buffer(address, buffer, count);
}
void NTAPI WRITE_REGISTER_UCHAR(volatile UCHAR* address, UCHAR value) {
    write_register(address, value);
}
void NTAPI WRITE_REGISTER_USHORT(volatile USHORT* address, USHORT value) {
    write_register(address, value);
}
void NTAPI WRITE_REGISTER_ULONG(volatile ULONG* address, ULONG value) {
    write_register(address, value);
}
void NTAPI WRITE_REGISTER_ULONG64(volatile ULONG64* address, ULONG64 value) {
    write_register(address, value);
}
void NTAPI WRITE_REGISTER_BUFFER_UCHAR(volatile UCHAR* address, PUCHAR buffer, ULONG count) {
    write_register_buffer(address, buffer, count);
}
void NTAPI WRITE_REGISTER_BUFFER_USHORT(volatile USHORT* address, PUSHORT buffer, ULONG count) {
    write_register_buffer(address, buffer, count);
}
void NTAPI WRITE_REGISTER_BUFFER_ULONG(volatile ULONG* address, PULONG buffer, ULONG count) {
    write_register_buffer(address, buffer, count);
}
void NTAPI WRITE_REGISTER_BUFFER_ULONG64(volatile ULONG64* address, PULONG64 buffer, ULONG count) {
    write_register_buffer(address, buffer, count);
}

} // extern "C"
