# What `make install` puts where, with a pkg-config file and a package for find_package(Loam):
# Loam::loam is the shared library, Loam::static the archive.

include(CMakePackageConfigHelpers)

if(LOAM_PREFIXED_ONLY OR NOT TARGET loam_shared)
    return()
endif()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Loam")
install(TARGETS loam_shared loam_static EXPORT LoamTargets)
if(TARGET loam_check)
    install(TARGETS loam_check LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
if(TARGET loam_command)
    install(TARGETS loam_command)
endif()
install(DIRECTORY include/loam DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
foreach(section 1 7)
    file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.${section}")
    install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
endforeach()
# What the pages say to users; those for who changes the code stay with the code.
file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/errors/*.md")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES docs/errors.md docs/options.md docs/security.md DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs")
install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs/errors")
install(DIRECTORY examples/mistakes DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")

install(EXPORT LoamTargets NAMESPACE Loam:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/LoamConfig.cmake.in "${PROJECT_BINARY_DIR}/LoamConfig.cmake"
    INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/LoamConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/LoamConfig.cmake" "${PROJECT_BINARY_DIR}/LoamConfigVersion.cmake"
    DESTINATION "${package_dir}")

# The prefix is chosen at installation, so the file finds its own: seen from where it lies.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
    set(pc_libdir "${CMAKE_INSTALL_LIBDIR}")
else()
    file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" up "${up}")
    set(pc_prefix "\${pcfiledir}/${up}")
    set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
    set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(cmake/loam.pc.in "${PROJECT_BINARY_DIR}/loam.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/loam.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
