/* A driver in C, with a table of functions made by hand. */
#define CINTERFACE
#include "Inc\TRAPS.H"

typedef struct Counter Counter;
typedef struct CounterVtbl {
    ULONG (STDMETHODCALLTYPE *Next)(Counter* This);
} CounterVtbl;
struct Counter {
    CounterVtbl* lpVtbl;
    ULONG Value;
};

static ULONG STDMETHODCALLTYPE next(Counter* This)
{
    return ++This->Value;
}

static CounterVtbl table = { next };

int check_plain_c(void)
{
    Counter counter = { &table, 4 };
    EXPECT(counter.lpVtbl->Next(&counter) == 5);
    return 0;
}
