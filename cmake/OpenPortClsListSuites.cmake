# Read by ctest (OpenPortClsTestSuites.cmake): asks `program` for its suites when it is newer than what it said last.
if(NOT EXISTS "${program}")
  add_test(${prefix}_NOT_BUILT "${program}")
elseif(NOT EXISTS "${list}" OR "${program}" IS_NEWER_THAN "${list}" OR "${CMAKE_CURRENT_LIST_FILE}" IS_NEWER_THAN "${list}")
  execute_process(COMMAND "${program}" --gtest_list_tests WORKING_DIRECTORY "${folder}" OUTPUT_VARIABLE output
                  RESULT_VARIABLE result TIMEOUT 60)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${program} --gtest_list_tests: ${result}\n${output}")
  endif()
  string(REGEX MATCHALL "(^|\n)[A-Za-z0-9_/]+\\." suites "${output}")
  set(content "")
  foreach(suite IN LISTS suites)
    string(REGEX REPLACE "[\n.]" "" suite "${suite}")
    string(APPEND content
      "add_test([==[${prefix}.${suite}]==] [==[${program}]==] --gtest_filter=${suite}.*)\n"
      "set_tests_properties([==[${prefix}.${suite}]==] PROPERTIES TIMEOUT ${timeout} WORKING_DIRECTORY [==[${folder}]==])\n")
  endforeach()
  file(WRITE "${list}" "${content}")
  include("${list}")
else()
  include("${list}")
endif()
