# portcls_add_driver(NAME
#   SOURCES file...  |  VCXPROJ file  |  PATH folder-or-project
#   [OUTPUT_DIRECTORY folder] [DEBUG] [SANITIZE address,undefined|thread] [COVERAGE] [FUZZ]
#   [DEFINES NAME=VALUE...] [INCLUDE_DIRECTORIES folder...] [EXCLUDE_FROM_ALL])
#
# Makes the target NAME, which compiles a Windows audio driver's unmodified source into the module NAME.so.
# Its property PORTCLS_MODULE is the module's path. Edited sources, headers and project files rebuild it.
# The policies of the version this is written for, whatever the project asks for: before CMP0116 (3.20) Ninja took what
# a depfile names as relative to somewhere else, and rebuilt always.
cmake_policy(PUSH)
cmake_policy(VERSION 3.25)

function(portcls_add_driver name)
  cmake_parse_arguments(DRIVER "DEBUG;COVERAGE;FUZZ;EXCLUDE_FROM_ALL" "VCXPROJ;PATH;OUTPUT_DIRECTORY;SANITIZE"
    "SOURCES;DEFINES;INCLUDE_DIRECTORIES" ${ARGN})
  if(DRIVER_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "portcls_add_driver(${name}): what is ${DRIVER_UNPARSED_ARGUMENTS}?")
  endif()

  set(input "")
  set(given 0)
  if(DRIVER_SOURCES)
    math(EXPR given "${given} + 1")
    foreach(source ${DRIVER_SOURCES})
      cmake_path(ABSOLUTE_PATH source NORMALIZE)
      list(APPEND input ${source})
    endforeach()
  endif()
  foreach(kind VCXPROJ PATH)
    if(DRIVER_${kind})
      math(EXPR given "${given} + 1")
      cmake_path(ABSOLUTE_PATH DRIVER_${kind} NORMALIZE OUTPUT_VARIABLE input)
    endif()
  endforeach()
  if(NOT given EQUAL 1)
    message(FATAL_ERROR "portcls_add_driver(${name}): give one of SOURCES, VCXPROJ and PATH")
  endif()

  # In OpenPortCls' own tree the engine is a program of its own; elsewhere it is the installed `portcls build`.
  set(depends "")
  set(options "")
  if(TARGET opc_build_driver)
    set(command $<TARGET_FILE:opc_build_driver>)
    list(APPEND depends opc_build_driver openportcls)
    list(APPEND options --exports $<TARGET_FILE:openportcls>)
  elseif(TARGET OpenPortCls::portcls)
    set(command $<TARGET_FILE:OpenPortCls::portcls> build)
  else()
    find_program(OPENPORTCLS_PORTCLS portcls REQUIRED)
    set(command ${OPENPORTCLS_PORTCLS} build)
  endif()

  if(NOT DRIVER_OUTPUT_DIRECTORY)
    set(DRIVER_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  file(MAKE_DIRECTORY ${DRIVER_OUTPUT_DIRECTORY})
  set(module ${DRIVER_OUTPUT_DIRECTORY}/${name}.so)
  list(APPEND options -o ${module} --depfile ${module}.d --name ${name} --cache ${CMAKE_BINARY_DIR}/driver-cache)
  foreach(flag DEBUG COVERAGE FUZZ)
    if(DRIVER_${flag})
      string(TOLOWER --${flag} option)
      list(APPEND options ${option})
    endif()
  endforeach()
  if(DRIVER_SANITIZE)
    list(APPEND options --sanitize=${DRIVER_SANITIZE})
  endif()
  foreach(define ${DRIVER_DEFINES})
    list(APPEND options -D ${define})
  endforeach()
  foreach(folder ${DRIVER_INCLUDE_DIRECTORIES})
    cmake_path(ABSOLUTE_PATH folder NORMALIZE)
    list(APPEND options -I ${folder})
  endforeach()

  add_custom_command(OUTPUT ${module}
    COMMAND ${command} ${options} ${input}
    DEPENDS ${depends}
    DEPFILE ${module}.d
    COMMENT "Building the driver ${name}"
    VERBATIM)
  set(all ALL)
  if(DRIVER_EXCLUDE_FROM_ALL)
    set(all "")
  endif()
  add_custom_target(${name} ${all} DEPENDS ${module})
  set_target_properties(${name} PROPERTIES PORTCLS_MODULE ${module})
endfunction()

cmake_policy(POP)
