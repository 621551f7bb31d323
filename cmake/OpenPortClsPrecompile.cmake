# openportcls_precompile(TARGET [HEADER ...]): with OPENPORTCLS_PRECOMPILE the headers that nearly every source of the
# target reads are read once. Sources include what they use all the same: without the option nothing else changes.
set(openportcls_common_headers
  algorithm array atomic bit cstdint cstring deque functional map memory optional set span string string_view
  unordered_map utility variant vector)

function(openportcls_precompile target)
  if(NOT OPENPORTCLS_PRECOMPILE)
    return()
  endif()
  set(headers "")
  foreach(header IN LISTS openportcls_common_headers ARGN)
    list(APPEND headers "$<$<COMPILE_LANGUAGE:CXX>:<${header}$<ANGLE-R>>")
  endforeach()
  target_precompile_headers(${target} PRIVATE ${headers})
  # The same headers make the same file at any time, so a compiler cache knows it again.
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()
