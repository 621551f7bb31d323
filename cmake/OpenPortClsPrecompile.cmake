# openportcls_precompile(TARGET [HEADER ...]): with OPENPORTCLS_PRECOMPILE the headers that nearly every source of the
# target reads are read once; targets that ask for the same headers and are compiled alike share what was read. Sources
# include what they use all the same: without the option nothing else changes.
set(openportcls_common_headers
  algorithm array atomic bit cstdint cstring deque functional map memory optional set span string string_view
  unordered_map utility variant vector)

function(openportcls_precompile target)
  if(NOT OPENPORTCLS_PRECOMPILE)
    return()
  endif()
  get_target_property(options ${target} COMPILE_OPTIONS)
  list(FILTER options INCLUDE REGEX "^(SHELL:-mllvm|-(O|fno-sanitize|fsanitize|flto|fprofile))")
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)
    list(APPEND options -fPIE)
  endif()
  string(MAKE_C_IDENTIFIER "precompiled_${options}_${ARGN}" carrier)
  if(NOT TARGET ${carrier})
    set(headers "")
    foreach(header IN LISTS openportcls_common_headers ARGN)
      list(APPEND headers "$<$<COMPILE_LANGUAGE:CXX>:<${header}$<ANGLE-R>>")
    endforeach()
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${carrier}.cpp CONTENT "")
    add_library(${carrier} OBJECT ${CMAKE_BINARY_DIR}/${carrier}.cpp)
    target_link_libraries(${carrier} PRIVATE openportcls_settings)
    if(ARGN MATCHES gtest) # it defines macros
      target_link_libraries(${carrier} PRIVATE GTest::gmock GTest::gtest)
    endif()
    target_compile_options(${carrier} PRIVATE ${options})
    if(type STREQUAL EXECUTABLE)
      set_target_properties(${carrier} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    endif()
    target_precompile_headers(${carrier} PRIVATE ${headers})
    # The same headers make the same file at any time, so a compiler cache knows it again.
    target_compile_options(${carrier} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
  target_precompile_headers(${target} REUSE_FROM ${carrier})
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()
