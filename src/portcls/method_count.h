// How many methods the interfaces have that streams are known by, with those of IUnknown (their nn- pages).
#pragma once

#include <dmusicks.h>
#include <portcls.h>

namespace openportcls::portcls {

template<class Interface>
inline constexpr ULONG method_count = 0;

template<>
inline constexpr ULONG method_count<IMiniportWaveCyclicStream> = 9;
template<>
inline constexpr ULONG method_count<IMiniportWavePciStream> = 11;
template<>
inline constexpr ULONG method_count<IMiniportWaveRTStream> = 11;
template<>
inline constexpr ULONG method_count<IMiniportMidiStream> = 7;
template<>
inline constexpr ULONG method_count<IMXF> = 7;

} // namespace openportcls::portcls
