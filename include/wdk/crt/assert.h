/* No include guard: NDEBUG may change between inclusions. */
#undef assert
#ifdef NDEBUG
#define assert(expression) ((void)0)
#else
#ifdef __cplusplus
extern "C"
#endif
    void
    RtlAssert(void* failed, void* file, unsigned long line, char* message);
#define assert(expression) ((void)((expression) || (RtlAssert((void*)#expression, (void*)__FILE__, __LINE__, 0), 0)))
#endif
#ifndef __cplusplus
#define static_assert _Static_assert
#endif
