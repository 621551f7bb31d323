# Compile settings shared by every layer, and the helpers that declare a layer and its unit tests.

add_library(openportcls_settings INTERFACE)
target_compile_options(openportcls_settings INTERFACE
  -Wall -Wextra -Werror -Wno-unknown-pragmas -Wno-missing-field-initializers
  # Windows x64 structure layout (DRIVER-BUILD notes in docs/internals): bit-fields follow MSVC's rules.
  -mms-bitfields
  # Crash reports and profilers walk frame pointers; a guest's stack cannot be unwound any other way.
  -fno-omit-frame-pointer
  # libopenportcls is always loaded at start-up, so the current machine is one %fs-relative load away.
  -ftls-model=initial-exec
  $<$<COMPILE_LANGUAGE:CXX>:-fno-strict-aliasing>
  # Two neighbouring fields, stored one by one and loaded as one vector soon after, have to wait for each other.
  $<$<CXX_COMPILER_ID:Clang>:-fno-slp-vectorize>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-ignored-attributes>)
target_include_directories(openportcls_settings SYSTEM INTERFACE ${CMAKE_SOURCE_DIR}/include/wdk)
# What the headers declare for some targets only is there for all of them.
target_compile_definitions(openportcls_settings INTERFACE OPC_EVERY_TARGET)
target_include_directories(openportcls_settings INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
if(OPENPORTCLS_SANITIZE)
  # The shared run-time serves the program, the library and the drivers alike; clang keeps it in a folder of its own.
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libclang_rt.asan-x86_64.so
                  OUTPUT_VARIABLE sanitizer_runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  cmake_path(GET sanitizer_runtime PARENT_PATH sanitizer_folder)
  target_compile_options(openportcls_settings INTERFACE
    -fsanitize=${OPENPORTCLS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize=vptr,function,alignment)
  target_link_options(openportcls_settings INTERFACE -fsanitize=${OPENPORTCLS_SANITIZE} -shared-libsan
                      -Wl,-rpath,${sanitizer_folder})
endif()

include(OpenPortClsPrecompile)
include(OpenPortClsOptimize)

# openportcls_layer(NAME [LIBRARIES ...] [TESTS EACH_ALONE]): the sources of src/NAME become one object library of libopenportcls;
# src/NAME/tests/*.cpp become the test program test_NAME.
function(openportcls_layer name)
  cmake_parse_arguments(LAYER "" "TESTS" "LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.S)
  list(FILTER sources EXCLUDE REGEX "/tests/")
  if(NOT sources)
    return()
  endif()
  add_library(openportcls_${name} OBJECT ${sources})
  target_link_libraries(openportcls_${name} PRIVATE openportcls_settings ${LAYER_LIBRARIES})
  if(NOT name MATCHES "^(base|drivertools)$") # opc_build_driver has their objects, too
    openportcls_optimize(openportcls_${name})
  endif()
  if(name MATCHES "^(drivertools|pnp)$")
    openportcls_build_quickly(openportcls_${name})
  endif()
  # What stands between an application and a driver guides the fuzzer as the driver itself does.
  if(OPENPORTCLS_FUZZ AND OPENPORTCLS_SANITIZE MATCHES address AND name MATCHES "^(ks|portcls)$")
    target_compile_options(openportcls_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(sources MATCHES "\\.cpp")
    openportcls_precompile(openportcls_${name} fmt/format.h)
  endif()
  set_property(GLOBAL APPEND PROPERTY OPENPORTCLS_LAYERS openportcls_${name})
  set_property(GLOBAL APPEND PROPERTY OPENPORTCLS_LAYER_LIBRARIES ${LAYER_LIBRARIES})
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*.cpp)
  if(OPENPORTCLS_TESTS AND tests)
    openportcls_test(test_${name} SOURCES ${tests} LIBRARIES ${LAYER_LIBRARIES} ${LAYER_TESTS})
  endif()
endfunction()

include(OpenPortClsTestSuites)

# openportcls_test(NAME SOURCES ... [LIBRARIES ...] [EACH_ALONE]): a GoogleTest program, each suite known to ctest; with
# EACH_ALONE each test, for programs whose tests take seconds.
function(openportcls_test name)
  cmake_parse_arguments(TEST "EACH_ALONE" "" "SOURCES;LIBRARIES" ${ARGN})
  find_package(GTest REQUIRED)
  include(GoogleTest)
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE openportcls openportcls_settings ${TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
  openportcls_build_quickly(${name})
  openportcls_precompile(${name} gmock/gmock.h gtest/gtest.h)
  if(TEST_EACH_ALONE)
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                         PROPERTIES TIMEOUT 120 WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  else()
    openportcls_discover_suites(${name} TIMEOUT 300 WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
endfunction()
