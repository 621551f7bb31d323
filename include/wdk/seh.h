#ifndef OPC_SEH_H
#define OPC_SEH_H
#endif
