/* Markers for static analysers, of which none is needed here. */
#ifndef OPC_SUPPRESS_H
#define OPC_SUPPRESS_H
#endif
