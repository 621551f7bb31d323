# The build that is installed and measured: link-time optimisation, guided by what cmake/profile says of the functions
# that a stream's period runs through. CMAKE_BUILD_TYPE=Release has it; builds to work with do without, since linking the
# library takes half a minute then.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT OPENPORTCLS_SANITIZE)
  set(optimize_default ON)
else()
  set(optimize_default OFF)
endif()
option(OPENPORTCLS_OPTIMIZE "Link-time optimisation guided by a profile (clang)" ${optimize_default})
option(OPENPORTCLS_TRAIN "Count what runs how often, for a new profile (./dev profile)" OFF)

set(optimize_compile "")
set(optimize_link "")
# Functions known in one file only are told apart by the file's name; its folder is not the same everywhere.
set(optimize_names "SHELL:-mllvm -static-func-full-module-prefix=false")
if(OPENPORTCLS_TRAIN)
  set(optimize_compile -fprofile-generate "${optimize_names}")
  set(optimize_link -fprofile-generate)
elseif(OPENPORTCLS_OPTIMIZE)
  string(REGEX MATCH "^[0-9]+" compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
  find_program(LLVM_PROFDATA NAMES llvm-profdata-${compiler_major} REQUIRED)
  set(profile_text ${CMAKE_SOURCE_DIR}/cmake/profile/hot_paths.proftext)
  file(MD5 ${profile_text} profile_hash) # in the name: with another profile everything has to be compiled anew
  set(profile ${CMAKE_BINARY_DIR}/hot_paths-${profile_hash}.profdata)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${profile_text})
  execute_process(COMMAND ${LLVM_PROFDATA} merge -o ${profile} ${profile_text} COMMAND_ERROR_IS_FATAL ANY)
  # A function that has changed since the profile was taken is compiled without it, until ./dev profile is run again.
  set(optimize_compile -flto=thin -fprofile-use=${profile} "${optimize_names}" -Wno-profile-instr-out-of-date
      -Wno-profile-instr-unprofiled -Wno-backend-plugin)
  set(optimize_link -flto=thin -fuse-ld=lld-${compiler_major} -Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/lto-cache
      -Wl,-mllvm,-vectorize-slp=false) # what -fno-slp-vectorize is to the compiler
endif()

# openportcls_build_quickly(TARGET): compiled without optimisation in builds to work with, which takes a third of the
# time. For what hardly a stream's period runs through: tests and their tools, the command, building and loading drivers.
function(openportcls_build_quickly target)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# openportcls_optimize(TARGET): a layer, or a library of layers.
function(openportcls_optimize target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL OBJECT_LIBRARY)
    target_compile_options(${target} PRIVATE ${optimize_compile})
  else()
    target_link_options(${target} PRIVATE ${optimize_link})
  endif()
endfunction()
