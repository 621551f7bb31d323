/* In the kit it makes the compiler warn of unsafe functions; here nothing is forbidden. */
#ifndef OPC_DONTUSE_H
#define OPC_DONTUSE_H
#endif
