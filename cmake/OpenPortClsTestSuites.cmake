# openportcls_discover_suites(TARGET WORKING_DIRECTORY folder TIMEOUT seconds): one ctest test for each suite of a
# GoogleTest program, "conformance.R_PROP" for R_PROP of test_conformance. A process for each single test costs more than
# most tests do; a failing suite names the tests that failed. The suites are asked for when ctest runs (a program that was
# built anew may have others), so nothing has to run while building.
function(openportcls_discover_suites target)
  cmake_parse_arguments(SUITES "" "WORKING_DIRECTORY;TIMEOUT" "" ${ARGN})
  string(REGEX REPLACE "^test_" "" prefix ${target})
  set(list ${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.cmake)
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}_discovery.cmake CONTENT "\
set(program [==[$<TARGET_FILE:${target}>]==])
set(list [==[${list}]==])
set(prefix ${prefix})
set(timeout ${SUITES_TIMEOUT})
set(folder [==[${SUITES_WORKING_DIRECTORY}]==])
include([==[${CMAKE_SOURCE_DIR}/cmake/OpenPortClsListSuites.cmake]==])
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${CMAKE_CURRENT_BINARY_DIR}/${target}_discovery.cmake)
endfunction()
