/* OpenPortCls for C and for every language that can call C: run Windows audio drivers in this process.
 *
 * Status. Functions that can fail return an NTSTATUS, the one that a Windows caller would have seen: 0 is success, and
 * after anything else opc_last_error() has a sentence that says what happened to what.
 *
 * Lifetime. What a function hands out through a `**` parameter belongs to the caller and goes back through the function
 * named beside it; those accept NULL. A handle keeps alive what it was made from, so the order does not matter. Strings
 * and arrays that are returned belong to the handle they came from and stay until it goes, unless stated otherwise.
 *
 * Threads. A machine and everything made from it belongs to the thread that created it. An application that lives in
 * real time lets the machine have a thread of its own (opc_thread_start), hands it functions with opc_thread_run, and
 * moves samples with opc_live_write and opc_live_read, which never wait.
 *
 * Parts. This header includes all that lie in c/; they are for reading, and nobody needs one of them alone.
 *
 * Structures that are handed in begin with their size; their _init function sets it, and the usual values. Another size
 * is STATUS_INFO_LENGTH_MISMATCH, a value that is none of the header's STATUS_INVALID_PARAMETER.
 *
 * NULL. A parameter may be NULL where its description says so; so may every `context`, which is the caller's, and the
 * address of no bytes. Anywhere else NULL is STATUS_INVALID_PARAMETER, or, from a function without a status, 0, false
 * or NULL, and opc_last_error() names the parameter. Nothing is changed then but the place of a new handle: that is
 * NULL after every failure. */
#ifndef OPENPORTCLS_H
#define OPENPORTCLS_H

#include <openportcls/c/audio_module.h>
#include <openportcls/c/base.h>
#include <openportcls/c/card.h>
#include <openportcls/c/driver.h>
#include <openportcls/c/filter.h>
#include <openportcls/c/machine.h>
#include <openportcls/c/midi.h>
#include <openportcls/c/mixer.h>
#include <openportcls/c/notification.h>
#include <openportcls/c/object.h>
#include <openportcls/c/pin.h>
#include <openportcls/c/stream.h>
#include <openportcls/c/thread.h>

#endif
