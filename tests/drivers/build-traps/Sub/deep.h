#define DEEP_VALUE 7
