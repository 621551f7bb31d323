# What `cmake --install` puts where, and how others find it. Everything is found relative to the library or the command,
# so a prefix may be moved.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/OpenPortCls)
set(WDK_INCLUDE_DIR ${CMAKE_INSTALL_DATADIR}/openportcls/wdk) # src/drivertools installs it

install(TARGETS openportcls_public EXPORT OpenPortClsTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_SKIP)
install(TARGETS openportcls_public LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_ONLY)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/openportcls DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET portcls)
  install(TARGETS portcls EXPORT OpenPortClsTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(EXPORT OpenPortClsTargets NAMESPACE OpenPortCls:: DESTINATION ${package_folder})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/OpenPortClsConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/OpenPortClsConfig.cmake
  INSTALL_DESTINATION ${package_folder} PATH_VARS WDK_INCLUDE_DIR)
# 0.x: every minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/OpenPortClsConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/OpenPortClsConfig.cmake
  ${PROJECT_BINARY_DIR}/package/OpenPortClsConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/OpenPortClsAddDriver.cmake
  DESTINATION ${package_folder})

cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
           BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE PREFIX_FROM_PKGCONFIG)
configure_file(${PROJECT_SOURCE_DIR}/cmake/openportcls.pc.in ${PROJECT_BINARY_DIR}/package/openportcls.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/openportcls.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The sample drivers' source, to copy from.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/drivers/ac97 ${PROJECT_SOURCE_DIR}/drivers/cable
                  ${PROJECT_SOURCE_DIR}/drivers/sb16
        DESTINATION ${CMAKE_INSTALL_DATADIR}/openportcls/samples)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs ${PROJECT_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
