// The host's allocation and lock functions, counted. Defined in the program itself they come before those of every
// library, drivers included.
#include <cerrno>
#include <cstdlib>

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>

#include "host_costs.h"

extern "C" {
// glibc's own names, which need no dlsym (that allocates).
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* block);
}

namespace openportcls::steady_state {

namespace {

constinit Counters all;

void count_allocation() {
    all.allocations += all.is_counting ? 1 : 0;
}

} // namespace

Counters& counters() {
    return all;
}

} // namespace openportcls::steady_state

using namespace openportcls::steady_state;

extern "C" {

void* malloc(std::size_t bytes) {
    count_allocation();
    return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
    count_allocation();
    return __libc_calloc(count, bytes);
}
void* realloc(void* block, std::size_t bytes) {
    count_allocation();
    return __libc_realloc(block, bytes);
}
void free(void* block) {
    count_allocation();
    __libc_free(block);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
    count_allocation();
    return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
    count_allocation();
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
    count_allocation();
    *block = __libc_memalign(alignment, bytes);
    return *block != nullptr ? 0 : ENOMEM;
}

// The lookup is cached: dlsym itself takes locks.
#define COUNTED_LOCK(name, parameters, arguments)                                                                      \
    int name parameters {                                                                                              \
        using Function = int parameters;                                                                               \
        static Function* found = nullptr;                                                                              \
        if (found == nullptr) {                                                                                        \
            found = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, #name));                                              \
        }                                                                                                              \
        counters().locks += counters().is_counting ? 1 : 0;                                                            \
        return found arguments;                                                                                        \
    }

COUNTED_LOCK(pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
COUNTED_LOCK(pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
COUNTED_LOCK(pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))
COUNTED_LOCK(pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
COUNTED_LOCK(pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
COUNTED_LOCK(pthread_rwlock_unlock, (pthread_rwlock_t * lock), (lock))
COUNTED_LOCK(pthread_spin_lock, (pthread_spinlock_t * lock), (lock))
COUNTED_LOCK(pthread_cond_signal, (pthread_cond_t * condition), (condition))
COUNTED_LOCK(pthread_cond_broadcast, (pthread_cond_t * condition), (condition))
COUNTED_LOCK(pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex), (condition, mutex))
COUNTED_LOCK(sem_post, (sem_t * semaphore), (semaphore))
COUNTED_LOCK(sem_wait, (sem_t * semaphore), (semaphore))

} // extern "C"
